import { createHash } from 'node:crypto'

/** SHA-256 in base64url of a document, whatever the order of its members. */
export function digestOf(document: unknown): string {
  return createHash('sha256').update(stableText(document)).digest('base64url')
}

/** JSON with the members of every object in order of their names. */
export function stableText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
