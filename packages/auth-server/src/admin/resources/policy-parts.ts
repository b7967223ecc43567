import { z } from 'zod'
import type { Context } from '../../context.js'
import type { PolicyDocument, Rule } from '../../policy/document.js'
import { documentSchema } from '../../policy/document-schema.js'
import { readInput } from '../input.js'
import { type Route, route } from '../route.js'
import { longestPolicy } from './policy.js'

type Entries = Readonly<Record<string, unknown>>

/** One kind of entry of the document, by name. */
interface Part {
  readonly name: 'resources' | 'permissions' | 'roles' | 'rules'
  readonly title: 'Resources' | 'Permissions' | 'Roles' | 'Rules'
  readonly summary: string
  read(document: PolicyDocument): Entries
  /** What the document holds for these entries, before it is looked over. */
  write(entries: Entries): unknown
}

const parts: readonly Part[] = [
  byName('resources', 'Resources', 'APIs that tokens can be issued for'),
  byName('permissions', 'Permissions', 'What can be asked for'),
  byName('roles', 'Roles', 'Bundles of permissions'),
  {
    name: 'rules',
    title: 'Rules',
    summary: 'Rules, by id',
    read: ({ rules }) => Object.fromEntries(rules.map(({ id, ...rule }: Rule) => [id, rule])),
    write: (entries) => Object.entries(entries).map(([id, rule]) => ({ ...asObject(rule), id })),
  },
]

function byName(name: Exclude<Part['name'], 'rules'>, title: Part['title'], summary: string): Part {
  return { name, title, summary, read: (document) => document[name], write: (entries) => entries }
}

const view = z
  .object({ version: z.number(), entries: z.record(z.string(), z.looseObject({})) })
  .meta({ id: 'PolicyPart' })

const patch = z
  .record(z.string(), z.looseObject({}).nullable())
  .describe('Entries that are added or replaced, whole, by name; null removes one.')

/** The parts of the policy: each change of one makes a new version of the whole. */
export function policyPartRoutes({ policy }: Context): readonly Route[] {
  return parts.flatMap(({ name, title, summary, read, write }) => [
    route({
      tag: 'Policy',
      name: `read${title}`,
      summary,
      method: 'get',
      path: `/policy/${name}`,
      scope: 'admin:read',
      entity: true,
      answer: view,
      run: async () => {
        const { version, document } = await policy.current()
        return { body: { version, entries: objectsOf(read(document)) } }
      },
    }),
    route({
      tag: 'Policy',
      name: `change${title}`,
      summary: `Add, replace or remove ${name}`,
      method: 'patch',
      path: `/policy/${name}`,
      scope: 'admin:write',
      dangerous: true,
      entity: true,
      ifMatch: 'required',
      maxBody: longestPolicy,
      body: patch,
      answer: view,
      run: async ({ caller, body, expect }) => {
        const { version, document } = await policy.current()
        const before = read(document)
        expect({ version, entries: objectsOf(before) })
        const entries = merge(before, body)
        const { body: candidate } = readInput(
          { body: documentSchema },
          { body: { ...document, [name]: write(entries) } },
        )
        const next = await policy.replace(candidate, { by: caller.by, expectedVersion: version })
        return { body: { version: next.version, entries: objectsOf(read(next.document)) } }
      },
    }),
  ])
}

function merge(entries: Entries, change: Entries): Entries {
  const merged = new Map(Object.entries(entries))
  for (const [name, entry] of Object.entries(change)) {
    if (entry === null) merged.delete(name)
    else merged.set(name, entry)
  }
  return Object.fromEntries(merged)
}

function objectsOf(entries: Entries): Record<string, Record<string, unknown>> {
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, { ...asObject(entry) }]))
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
