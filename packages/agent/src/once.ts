/** A value made on first use, once for all who wait; a failure is forgotten. */
export function createOnce<T>(make: () => Promise<T>): { get(): Promise<T>; forget(): void } {
  let made: Promise<T> | undefined
  function start(): Promise<T> {
    const started = make()
    started.catch(() => {
      if (made === started) made = undefined
    })
    return started
  }
  return {
    get: () => {
      made ??= start()
      return made
    },
    forget: () => {
      made = undefined
    },
  }
}
