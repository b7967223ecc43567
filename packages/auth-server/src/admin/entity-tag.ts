import { createHash } from 'node:crypto'
import { ProblemError } from './problem.js'

/** What a caller demands of the state of a thing before changing it. */
export interface Precondition {
  /**
   * @param current - the tag of the thing as it is
   * @throws ProblemError `precondition_failed`, `precondition_required`
   */
  expect(current: () => string): void
}

/** Strong entity tag (RFC 9110 section 8.8.3) of a representation: it changes with anything the caller can see. */
export function entityTag(representation: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(representation)).digest('base64url').slice(0, 22)}"`
}

/** Whether `If-None-Match` names a tag, or any (RFC 9110 section 13.1.2): what the caller has already is not sent again. */
export function hasTag(header: string, tag: string): boolean {
  if (header.trim() === '*') return true
  return header.split(',').some((each) => each.trim().replace(/^W\//u, '') === tag)
}

/**
 * Reads `If-Match` (RFC 9110 section 13.1.1).
 *
 * @param header - its value; empty where there is none
 * @param required - whether a change without it is refused (RFC 6585 section 3)
 */
export function readPrecondition(header: string, required: boolean): Precondition {
  const tags = header.split(',').map((tag) => tag.trim())
  return {
    expect(current) {
      if (header === '') {
        if (!required) return
        throw new ProblemError('precondition_required', 'Read it first, and send its ETag as If-Match.')
      }
      if (header.trim() === '*' || tags.includes(current())) return
      throw new ProblemError('precondition_failed', 'Read it again: what If-Match names is no longer current.')
    },
  }
}
