import { type ErrorCode, type ErrorRow, errorTable } from './error-table.js'

export type { ErrorCode }

/** Every {@link ErrorCode}, in the order of the error reference. */
export const errorCodes: readonly ErrorCode[] = Object.freeze(Object.keys(errorTable) as ErrorCode[])

/** What a code adds to its answer, such as `scope` for `scope_insufficient`. */
export type ErrorParameters = Readonly<Record<string, string>>

/** Settings of one {@link AccessError}. */
export interface AccessErrorOptions {
  /** What the code adds to the challenge and the body; constant text of this server, never of the request. */
  readonly parameters?: ErrorParameters
  /** The finished HTTP headers, set where the outcome becomes HTTP. */
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds after which a retry may succeed, for 503. Default 5. */
  readonly retryAfter?: number
  /** What led here; for logs only, never part of an answer. */
  readonly cause?: unknown
}

/**
 * A refusal. `status`, `statusCode`, `headers` and `expose` are what the default error handlers of Express, Fastify and
 * Koa read, so an `AccessError` that escapes from a handler is still answered with the right status and challenge.
 */
export class AccessError extends Error {
  override readonly name = 'AccessError'
  readonly code: ErrorCode
  readonly status: number
  readonly statusCode: number
  /** The OAuth `error` value (RFC 6750, 9449, 9470), when there is one. */
  readonly error: string | undefined
  /** Constant text, equal to `message`. */
  readonly description: string
  readonly title: string
  /** The code as the caller sees it: equal to `code`, except where the caller must not learn the exact reason. */
  readonly wireCode: string
  readonly parameters: ErrorParameters
  /** Seconds after which a retry may succeed; undefined unless this server is at fault (503). */
  readonly retryAfter: number | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Whether the message may be shown to the caller: false for faults of this server. */
  readonly expose: boolean

  constructor(code: ErrorCode, options: AccessErrorOptions = {}) {
    const row = errorTable[code]
    super(row.description, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = row.status
    this.statusCode = row.status
    this.error = row.error
    this.description = row.description
    this.title = row.title
    this.wireCode = row.wireCode ?? code
    this.parameters = options.parameters ?? {}
    this.retryAfter = row.status === 503 ? Math.max(1, Math.ceil(options.retryAfter ?? 5)) : undefined
    this.headers = options.headers ?? defaultHeaders(row)
    this.expose = row.status < 500
  }

  /**
   * Turns anything thrown into an `AccessError`: one is returned as it is, errors of jose map by their code, and
   * whatever else becomes `internal_error`, so that no fault of this server is ever blamed on the token.
   */
  static from(thrown: unknown): AccessError {
    if (thrown instanceof AccessError) return thrown
    const joseCode = thrown instanceof Error && 'code' in thrown ? joseCodes.get(thrown.code) : undefined
    return new AccessError(joseCode ?? 'internal_error', { cause: thrown })
  }
}

/** What jose's own errors mean here. Codes that are not listed are faults of this server. */
const joseCodes: ReadonlyMap<unknown, ErrorCode> = new Map<string, ErrorCode>([
  ['ERR_JWS_INVALID', 'token_malformed'],
  ['ERR_JWT_INVALID', 'token_malformed'],
  ['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', 'signature_invalid'],
  ['ERR_JOSE_ALG_NOT_ALLOWED', 'algorithm_rejected'],
  ['ERR_JWT_EXPIRED', 'token_expired'],
  ['ERR_JWT_CLAIM_VALIDATION_FAILED', 'claim_invalid'],
  ['ERR_JWKS_NO_MATCHING_KEY', 'key_not_found'],
  ['ERR_JWKS_MULTIPLE_MATCHING_KEYS', 'key_not_found'],
  ['ERR_JWKS_TIMEOUT', 'keys_unavailable'],
  ['ERR_JWKS_INVALID', 'keys_unavailable'],
])

/** What an error carries until it becomes an answer: enough for a default error handler to answer it by itself. */
function defaultHeaders(row: ErrorRow): Readonly<Record<string, string>> {
  if (row.status >= 500) return { 'Cache-Control': 'no-store' }
  const challenge = row.error ? `Bearer error="${row.error}", error_description="${row.description}"` : 'Bearer'
  return { 'WWW-Authenticate': challenge, 'Cache-Control': 'no-store' }
}

/** A wrong setting, thrown when a resource server, a guard or a requirement is created: never at request time. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  /** Path of the setting, such as `keySet.cooldownDuration`. */
  readonly option: string

  /**
   * @param option path of the wrong setting
   * @param advice what to change, as the rest of a sentence that starts with the path
   */
  constructor(option: string, advice: string) {
    super(`${option} ${advice}`)
    this.option = option
  }
}
