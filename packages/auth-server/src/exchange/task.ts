import { randomBytes } from 'node:crypto'
import type { IssuedToken } from '../tokens/issued-token.js'
import type { Parameters } from './parameters.js'
import { Refusal } from './refusal.js'

const grammar = /^[A-Za-z0-9._~:-]{1,128}$/u

/**
 * The task that a request belongs to: the subject token's for good, else the one that `txn` names; undefined where neither does.
 *
 * @throws Refusal `invalid_request` when `txn` is malformed, or another than the subject token's
 */
export function readTask(parameters: Parameters, token: IssuedToken | undefined): string | undefined {
  const asked = parameters.text('txn')
  if (asked !== undefined && !grammar.test(asked)) {
    throw new Refusal('invalid_request', 'transaction_malformed', 'txn must be 1 to 128 of A-Z a-z 0-9 . _ ~ : -')
  }
  const kept = token?.transaction ?? undefined
  if (kept !== undefined && asked !== undefined && asked !== kept) {
    throw new Refusal('invalid_request', 'transaction_mismatch', 'subject_token belongs to another task')
  }
  return kept ?? asked
}

/** A task of its own. */
export function createTask(): string {
  return `task_${randomBytes(16).toString('base64url')}`
}
