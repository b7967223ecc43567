import type { ApiName } from '@behalf/example-stage'
import type { Sent } from './wire.js'

/** What must go over the wire. */
export interface Expected extends Pick<Sent, 'at' | 'status' | 'code'> {
  /** The code in the audit event of an API, where it says more than the wire. Default: that of the wire, or `allowed`. */
  readonly audit?: string
}

/** The auth server issues a token. */
export const issued: Expected = { at: 'auth', status: 200, code: '' }

/** It issues none. */
export function notIssued(code: string): Expected {
  return { at: 'auth', status: 400, code }
}

/** It does not answer. */
export const unreachable: Expected = { at: 'auth', status: null, code: 'no answer' }

/** An API lets a call through. */
export function answered(at: ApiName, status = 200): Expected {
  return { at, status, code: '' }
}

/** An API refuses a call. */
export function refused(at: ApiName, status: number, code: string, audit = code): Expected {
  return { at, status, code, audit }
}

/** The code that the audit event of a call must have. */
export function auditedCode({ code, audit }: Expected): string {
  return audit ?? (code === '' ? 'allowed' : code)
}
