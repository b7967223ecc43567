/** Errors whose text is of this package alone: what others throw may quote a token. */
const own = new WeakSet<object>()

/** An error that says why there is no token, in words that may be told. */
export function tokenError(message: string): Error {
  const error = new Error(message)
  own.add(error)
  return error
}

/** Why there is no token; undefined where only somebody else knows. */
export function reasonOf(error: unknown): string | undefined {
  return error instanceof Error && own.has(error) ? error.message : undefined
}
