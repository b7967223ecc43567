import { ConflictError, InvalidInputError, NotFoundError, StaleVersionError } from '../errors.js'

/** One member of a request that is wrong, and what it should be. */
export interface InputFault {
  /** Where in the body, as a URI fragment of RFC 6901: `#/roles/0`. */
  readonly pointer?: string
  /** Name of a path or query parameter. */
  readonly parameter?: string
  /** Name of a header. */
  readonly header?: string
  readonly detail: string
}

/** What every refusal of the admin API says; codes never change their meaning. */
export const problemTable = {
  input_invalid: { status: 400, title: 'A member of the request is wrong' },
  body_malformed: { status: 400, title: 'The body cannot be read' },
  own_agent: { status: 403, title: 'No agent decides on itself' },
  client_only: { status: 403, title: 'Only a client by itself may do this' },
  not_own_item: { status: 403, title: 'Only the person concerned may consent' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'The method is not for this resource' },
  not_acceptable: { status: 406, title: 'There is no such representation' },
  conflict: { status: 409, title: 'The change does not fit the state things are in' },
  request_in_flight: { status: 409, title: 'The same request is under way' },
  precondition_failed: { status: 412, title: 'Somebody else changed it since' },
  body_too_large: { status: 413, title: 'The body is too large' },
  media_type_unsupported: { status: 415, title: 'The body has the wrong media type' },
  key_reused: { status: 422, title: 'The idempotency key belongs to another request' },
  precondition_required: { status: 428, title: 'The change needs If-Match' },
  internal_error: { status: 500, title: 'Internal error' },
  method_unknown: { status: 501, title: 'The method is not known' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>

export type ProblemCode = keyof typeof problemTable

/** A refusal of the admin API, on its way to becoming a problem document (RFC 9457). */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly faults: readonly InputFault[]

  /**
   * @param detail - what is wrong with this very request; never a token or secret
   * @param faults - the members that are wrong
   */
  constructor(code: ProblemCode, detail: string, faults: readonly InputFault[] = []) {
    super(detail)
    this.code = code
    this.faults = faults
  }
}

/** The refusal that an error of another part of the server means; undefined for what is a fault of ours. */
export function asProblem(error: unknown): ProblemError | undefined {
  if (error instanceof ProblemError) return error
  if (error instanceof NotFoundError) return new ProblemError('not_found', error.message)
  if (error instanceof ConflictError) return new ProblemError('conflict', error.message)
  if (error instanceof StaleVersionError) return new ProblemError('precondition_failed', error.message)
  if (error instanceof InvalidInputError) return new ProblemError('input_invalid', error.message)
  return undefined
}

/** The problem document, as JSON. */
export function formatProblem({ code, message, faults }: ProblemError): string {
  const { status, title } = problemTable[code]
  const errors = faults.length === 0 ? undefined : faults
  return JSON.stringify({ type: `urn:behalf:error:${code}`, title, status, code, detail: message, errors })
}
