/** Statuses whose answers have no body. */
const empty = new Set([101, 103, 204, 205, 304])

/** An answer was longer than what is expected of its kind. */
export class OversizedError extends Error {
  override readonly name = 'OversizedError'
}

/**
 * Waits for a promise, but no longer than a signal lets it: for what does not listen to signals itself.
 *
 * @throws the reason of the signal
 */
export function until<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error) // what it is, is for whoever aborts to say
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}

/**
 * The same answer with its body in memory, of a size that is no risk.
 *
 * @throws OversizedError
 */
export async function readWhole(response: Response, most: number, signal: AbortSignal): Promise<Response> {
  const { body, status, statusText, headers } = response
  if (body === null || empty.has(status) || status < 200) return response
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await until(signal, reader.read())
      if (done) return new Response(joined(chunks, size), { status, statusText, headers })
      size += value.byteLength
      if (size > most) throw new OversizedError('The answer is too long.')
      chunks.push(value)
    }
  } catch (error) {
    reader.cancel().catch(() => {}) // nobody reads on
    throw error
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size)
  let from = 0
  for (const chunk of chunks) {
    whole.set(chunk, from)
    from += chunk.byteLength
  }
  return whole
}
