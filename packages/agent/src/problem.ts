import { readWhole } from './bounded.js'

/** What an API says of itself: a short word, such as `scope_insufficient`. */
const word = /^[a-z][a-z0-9_]{0,63}$/u

/** Bytes of a problem document, and milliseconds it takes to come, at most. */
const mostBytes = 16_384
const longest = 5_000

/**
 * The `code` of the problem document (RFC 9457) that an API refuses with: a word for code to read, and nothing of what the API
 * says in its own words. Reads the answer to its end, 16 kB and 5 seconds at most; undefined where there is no such word.
 */
export async function problemCodeOf(response: Response): Promise<string | undefined> {
  try {
    const whole = await readWhole(response, mostBytes, AbortSignal.timeout(longest))
    const body: unknown = await whole.json()
    const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
    return typeof code === 'string' && word.test(code) ? code : undefined
  } catch {
    return undefined // it is no document, or broken
  }
}
