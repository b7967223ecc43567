import { z } from 'zod'
import { line, lines } from '../input.js'
import type { PolicyDocument } from './document.js'
import type { PolicyFile } from './policy-file.js'

/** Entries of one kind that a document can have. */
const maxEntries = 50_000

/** Permissions, roles and rules. */
const name = z
  .string()
  .regex(/^[A-Za-z0-9*][A-Za-z0-9._:/*+-]{0,127}$/u, 'must be letters, digits and ._:/*+- (128 at most)')

/** Agents, clients, people, tools, authentication contexts: names made elsewhere. */
const outsideName = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/u, 'must be visible ASCII characters without spaces (255 at most)')

/** RFC 8707 section 2: an absolute URI without a fragment. */
const resource = z
  .string()
  .max(512)
  .regex(/^[A-Za-z][A-Za-z0-9+.-]*:[\x21\x22\x24-\x7e]+$/u, 'must be an absolute URI without a fragment')
  .refine((text) => URL.canParse(text), 'must be an absolute URI without a fragment')

const url = z
  .string()
  .max(2048)
  .regex(
    /^(?:https:\/\/|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])[:/])/u,
    'must be an https URL (http on a loopback address)',
  )
  .refine((text) => URL.canParse(text), 'must be an https URL (http on a loopback address)')

const timeOfDay = z.string().regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/u, 'must be a UTC time, HH:MM')

const risk = z.enum(['low', 'medium', 'high'])

function list<Item extends z.ZodType<string | number>>(item: Item): z.ZodArray<Item> {
  return z
    .array(item)
    .min(1)
    .max(maxEntries)
    .refine((items) => new Set(items).size === items.length, 'holds an entry twice')
}

/** Names that a role, an agent or a person has: none is fine. */
const names = z
  .array(name)
  .max(maxEntries)
  .refine((items) => new Set(items).size === items.length, 'holds an entry twice')

function entries<Key extends z.ZodString, Entry extends z.ZodType>(key: Key, entry: Entry): z.ZodRecord<Key, Entry> {
  return z
    .record(key, entry)
    .refine((all) => Object.keys(all).length <= maxEntries, `has more than ${maxEntries} entries`)
}

const resourceEntry = z.strictObject({
  name: line,
  securityEvents: url.optional(),
  tokenLifetime: z.int().min(1).max(300).optional(),
  clients: list(outsideName).optional(),
  senderConstrained: z.boolean().optional(),
})

const permission = z.strictObject({
  resource,
  words: line,
  risk,
  consent: z.enum(['none', 'once', 'per_task', 'each_time']),
  justInTime: z.enum(['none', 'approval', 'automatic']).optional(),
  maxAge: z.int().min(1).max(86_400).optional(),
  details: outsideName.optional(),
  tools: list(outsideName).optional(),
  purpose: outsideName.optional(),
  downstream: list(name).optional(),
})

const role = z.strictObject({ words: line.optional(), permissions: names })

const condition = z.strictObject({
  agents: list(outsideName).optional(),
  roles: list(name).optional(),
  permissions: list(name).optional(),
  resources: list(resource).optional(),
  subjects: list(outsideName).optional(),
  tools: list(outsideName).optional(),
  risks: list(risk).optional(),
  mode: z.enum(['delegated', 'direct']).optional(),
  hours: z
    .strictObject({ from: timeOfDay, to: timeOfDay })
    .refine(({ from, to }) => from !== to, '`from` and `to` are the same time')
    .optional(),
  weekdays: list(z.int().min(1).max(7)).optional(),
  acrNot: list(outsideName).optional(),
})

const rule = z.strictObject({
  id: name,
  effect: z.enum(['allow', 'deny']),
  when: condition,
  why: line.optional(),
})

/** Members of a document, in the order in which a file has them. */
const documentShape = {
  schema: z.literal('behalf-policy/1'),
  unknownPermission: z.enum(['deny', 'pending']).optional(),
  resources: entries(resource, resourceEntry),
  permissions: entries(name, permission),
  roles: entries(name, role),
  rules: z.array(rule).max(maxEntries),
}

/** The form of a document; what its names refer to is seen by `findReferenceProblems`. */
export const documentSchema: z.ZodType<PolicyDocument> = z.strictObject(documentShape)

const agent = z.strictObject({
  name: line,
  description: lines.optional(),
  owner: line,
  status: z.enum(['active', 'suspended', 'retired']).optional(),
  roles: names.optional(),
  ceiling: names.optional(),
})

/** The form of a policy file. */
export const policyFileSchema: z.ZodType<PolicyFile> = z.strictObject({
  ...documentShape,
  agents: entries(outsideName, agent).optional(),
  accounts: entries(outsideName, z.strictObject({ permissions: names })).optional(),
})
