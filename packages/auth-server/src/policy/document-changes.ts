import { stableText } from './digest.js'
import type { PolicyDocument } from './document.js'

/** Entries that are not the same in two documents, by name: as they were and as they are. An absent one is null. */
export interface EntryChanges {
  readonly before: Readonly<Record<string, unknown>>
  readonly after: Readonly<Record<string, unknown>>
}

/** What is different between two documents, kind by kind; a kind without a difference is left out. */
export interface DocumentChanges {
  readonly resources?: EntryChanges
  readonly permissions?: EntryChanges
  readonly roles?: EntryChanges
  readonly rules?: EntryChanges
  /** Whether rules that both have are in another order. */
  readonly reordered: boolean
}

export function changesOf(before: PolicyDocument, after: PolicyDocument): DocumentChanges {
  return {
    resources: entryChanges(before.resources, after.resources),
    permissions: entryChanges(before.permissions, after.permissions),
    roles: entryChanges(before.roles, after.roles),
    rules: entryChanges(byId(before), byId(after)),
    reordered: orderOf(before, after) !== orderOf(after, before),
  }
}

function entryChanges(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): EntryChanges | undefined {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => stableText(before[name] ?? null) !== stableText(after[name] ?? null),
  )
  if (names.length === 0) return undefined
  const pick = (entries: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
    Object.fromEntries(names.map((name) => [name, entries[name] ?? null]))
  return { before: pick(before), after: pick(after) }
}

function byId({ rules }: PolicyDocument): Readonly<Record<string, unknown>> {
  const record: Record<string, unknown> = Object.fromEntries(rules.map((rule) => [rule.id, rule]))
  Object.setPrototypeOf(record, null)
  return record
}

/** Rules of one document that the other has too, in order. */
function orderOf(one: PolicyDocument, other: PolicyDocument): string {
  const known = new Set(other.rules.map(({ id }) => id))
  return one.rules
    .map(({ id }) => id)
    .filter((id) => known.has(id))
    .join(' ')
}
