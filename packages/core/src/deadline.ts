/**
 * Waits for a promise, but no longer than a time limit. What a late promise brings is dropped.
 *
 * @param milliseconds the limit
 * @param tooLate makes the error that the limit rejects with
 */
export async function within<T>(milliseconds: number, promise: PromiseLike<T>, tooLate: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), milliseconds)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}
