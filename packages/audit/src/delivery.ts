import type { Entry } from './queue.js'
import type { Settings } from './settings.js'
import { reasonOf, tokenError } from './token-error.js'

/** What became of a request. */
export type Delivery =
  /** The trail has the events, now or already, except those it refused: by id, with the reason. */
  | { readonly kind: 'arrived'; readonly refused: ReadonlyMap<string, string> }
  /** The request as it is will never be taken. */
  | { readonly kind: 'unacceptable'; readonly reason: string }
  /** Worth another try. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfter: number }

/** Makes one request. Never rejects. */
export type Deliver = (batch: readonly Entry[], signal: AbortSignal) => Promise<Delivery>

/** Milliseconds that a server can make this sink wait at most. */
const longestRetryAfter = 300_000

/** What happened is told in words of this package alone: what a token source or `fetch` throws may quote the token. */
export function createDelivery({ url, token, timeout, fetch }: Settings): Deliver {
  let wasRefused = false

  /** @throws tokenError */
  async function getToken(signal: AbortSignal): Promise<string> {
    const got: unknown = await Promise.race([token({ renew: wasRefused, signal }), whenAborted(signal)])
    if (typeof got !== 'string' || got === '') throw tokenError('its source answered none')
    return got
  }

  async function post(batch: readonly Entry[], signal: AbortSignal): Promise<Delivery> {
    let bearer: string
    try {
      bearer = await getToken(signal)
    } catch (error) {
      const reason = reasonOf(error)
      return failed(reason === undefined ? 'no token could be had' : `no token could be had: ${reason}`)
    }
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${bearer}`,
          'Content-Type': 'application/x-ndjson',
          Accept: 'application/json',
        },
        body: batch.map(({ line }) => `${line}\n`).join(''),
        redirect: 'manual', // the token is for this address
        signal,
      })
      wasRefused = response.status === 401
      return await readAnswer(response, batch)
    } catch {
      return failed('it cannot be reached')
    }
  }

  return async (batch, ended) => {
    const attempt = new AbortController()
    const stop = (): void => attempt.abort()
    const timer = setTimeout(stop, timeout)
    ended.addEventListener('abort', stop)
    try {
      return await post(batch, attempt.signal)
    } finally {
      clearTimeout(timer)
      ended.removeEventListener('abort', stop)
    }
  }
}

async function readAnswer(response: Response, batch: readonly Entry[]): Promise<Delivery> {
  const { status } = response
  if (status === 200 || status === 422) return readReceipt(response, batch)
  await response.body?.cancel()
  const reason = `status ${status}`
  if (status === 400 || status === 413) return { kind: 'unacceptable', reason }
  return failed(reason, retryAfterOf(response.headers.get('Retry-After')))
}

/** Believes that events arrived where the answer accounts for each of them: whatever else answers at that address has none. */
async function readReceipt(response: Response, batch: readonly Entry[]): Promise<Delivery> {
  const receipt: unknown = await response.json().catch(() => undefined)
  const { stored, duplicates, refused = [] } = isObject(receipt) ? receipt : {}
  if (Array.isArray(refused) && Number(stored) + Number(duplicates) + refused.length === batch.length) {
    return { kind: 'arrived', refused: refusedOf(refused.filter(isObject), batch) }
  }
  return failed('it answered what no trail does')
}

function failed(reason: string, retryAfter = 0): Delivery {
  return { kind: 'failed', reason, retryAfter }
}

/** Seconds, or a date (RFC 9110 section 10.2.3). */
function retryAfterOf(header: string | null): number {
  if (header === null) return 0
  const wait = /^\d{1,9}$/u.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(wait, 0), longestRetryAfter)
}

/** Reasons, by the id of the event: an entry says its place in the request, from 0, and its id, where that is one. */
function refusedOf(refused: readonly Members[], batch: readonly Entry[]): ReadonlyMap<string, string> {
  return new Map(
    refused.map(({ index, id, code }) => [
      batch[Number(index)]?.event.id ?? String(id),
      /^[a-z_]{1,40}$/u.exec(String(code))?.[0] ?? 'refused',
    ]),
  )
}

/** Members of a JSON object. */
type Members = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new Error('too late'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
