/**
 * Goes on with a value, at once when it is there and later when it is promised. On Node a remembered key and a
 * synchronous signature check need no turn of the event loop; elsewhere the same code waits.
 */
export function andThen<T, U>(value: T | Promise<T>, use: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(use) : use(value)
}
