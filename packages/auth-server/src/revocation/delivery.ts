import { Buffer } from 'node:buffer'
/** What came of sending one security event token. */
export type Delivery =
  | { readonly outcome: 'accepted' }
  /** The receiver understood that it does not want it: `error` is its word for it (RFC 8935 section 2.4). */
  | { readonly outcome: 'refused'; readonly error: string }
  /** To be tried again. */
  | { readonly outcome: 'failed'; readonly error: string }

/** Milliseconds one delivery may take. */
const deliveryTimeout = 5_000

/** Bytes of an answer that are read. */
const maxAnswer = 4_096

/**
 * Pushes a security event token (RFC 8935 section 2). Follows no redirect: the address is what an administrator wrote.
 * Total.
 *
 * @param signal - ends it early
 */
export async function deliver(url: string, token: string, signal: AbortSignal): Promise<Delivery> {
  if (!isPushable(url)) return { outcome: 'failed', error: 'address_not_allowed' }
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/secevent+jwt', Accept: 'application/json' },
      body: token,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(deliveryTimeout)]),
    })
    const text = await readStart(response)
    if (response.status === 202 || response.status === 200) return { outcome: 'accepted' }
    if (response.status === 400) return { outcome: 'refused', error: errorOf(text) }
    return { outcome: 'failed', error: `status_${response.status}` }
  } catch (error) {
    return { outcome: 'failed', error: nameOf(error) }
  }
}

/** Https anywhere, http on this machine only, never with a user name or password. */
function isPushable(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username, password } = new URL(url)
  if (username !== '' || password !== '') return false
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/u.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback)
}

async function readStart(response: Response): Promise<string> {
  const body: ReadableStream<Uint8Array> | null = response.body
  const reader = body?.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  while (reader !== undefined && size < maxAnswer) {
    const { value, done } = await reader.read()
    if (done) break
    chunks.push(value)
    size += value.byteLength
  }
  await reader?.cancel()
  return Buffer.concat(chunks).subarray(0, maxAnswer).toString()
}

/** `err` as it is written in RFC 8935, and nothing else of what a receiver says. */
function errorOf(text: string): string {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null && 'err' in answer && typeof answer.err === 'string') {
      return /^[a-z_]{1,50}$/u.test(answer.err) ? answer.err : 'unknown'
    }
  } catch {
    // it said nothing that can be read
  }
  return 'unknown'
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { cause } = error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return error.name
}
