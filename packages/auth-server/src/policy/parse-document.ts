import type { z } from 'zod'
import { InvalidInputError } from '../errors.js'
import type { PolicyDocument } from './document.js'
import { documentSchema } from './document-schema.js'
import { findReferenceProblems } from './references.js'

/** Problems that one error tells of. */
const maxProblems = 20

/**
 * Reads a policy document: its form, and everything that its names refer to.
 *
 * @returns frozen; names in order; records without a prototype, so that no name from outside finds what is not there
 * @throws InvalidInputError that names each wrong member
 */
export function parseDocument(value: unknown, adminResource: string): PolicyDocument {
  const document = parseWith(documentSchema, value)
  refuse(findReferenceProblems(document, adminResource))
  return freeze({
    ...document,
    resources: bare(document.resources),
    permissions: bare(document.permissions),
    roles: bare(document.roles),
  })
}

/** @throws InvalidInputError that names each wrong member */
export function parseWith<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const parsed = schema.safeParse(value)
  if (!parsed.success) refuse(parsed.error.issues.map(describe))
  else return parsed.data
  throw new InvalidInputError('policy: is wrong')
}

/** @throws InvalidInputError when there is a problem */
export function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return
  const more = problems.length > maxProblems ? [`and ${problems.length - maxProblems} more`] : []
  throw new InvalidInputError([...problems.slice(0, maxProblems), ...more].join('; '))
}

/** A record in order of names, without a prototype. */
export function bare<Entry>(entries: Readonly<Record<string, Entry>>): Readonly<Record<string, Entry>> {
  const record = Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))
  Object.setPrototypeOf(record, null)
  return record
}

function describe(issue: z.core.$ZodIssue): string {
  const place = issue.path.map(String).join('.') || 'policy'
  if (issue.code === 'invalid_key') return `${place}: ${issue.issues[0]?.message ?? issue.message}`
  return `${place}: ${issue.message}`
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freeze(member)
    Object.freeze(value)
  }
  return value
}
