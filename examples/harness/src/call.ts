import { randomBytes } from 'node:crypto'

const deadline = 5_000

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
  /** The `code` of a refusal; undefined when the call was let through. */
  readonly code: string | undefined
  /** What the call's audit event carries as `trace.trace_id`. */
  readonly traceId: string
}

/** A request, before it carries a token. */
export interface Outgoing {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

/** Sends a request with the token it needs, as a client does. */
export type Caller = (url: URL, request: Outgoing) => Promise<Response>

/** A caller with this token; without one when it is null. */
export function bearer(token: string | null): Caller {
  return (url, { headers, ...request }) =>
    fetch(url, { ...request, headers: { ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) } })
}

/** Has a call made, and reads the answer. */
export async function send(url: string, { method, path, body }: Call, caller: Caller): Promise<Answer> {
  const traceId = randomBytes(16).toString('hex')
  const response = await caller(new URL(path, url), {
    method,
    headers: {
      traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(deadline),
  })
  const answer: unknown = await response.json()
  return { status: response.status, headers: response.headers, body: answer, code: codeOf(answer), traceId }
}

function codeOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('code' in body)) return undefined
  return typeof body.code === 'string' ? body.code : undefined
}
