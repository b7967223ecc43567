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

/** Sends one request with a bearer token, or without a token when it is null. */
export async function send(url: string, { method, path, body }: Call, token: string | null): Promise<Answer> {
  const traceId = randomBytes(16).toString('hex')
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
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
