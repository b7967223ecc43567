import type { RecordType } from '../audit/record.js'
import type { SentEvent } from '../ingest/event-schema.js'

/** Every kind of event there is. */
const kinds = {
  'access.decision': true,
  'access.denied': true,
  'access.issued': true,
  'account.changed': true,
  'account.registered': true,
  'agent.changed': true,
  'agent.locked': true,
  'agent.registered': true,
  'agent.retired': true,
  'agent.suspended': true,
  'approval.denied': true,
  'approval.granted': true,
  'approval.requested': true,
  'audit.chain_started': true,
  'audit.dropped': true,
  'audit.refused': true,
  'client.changed': true,
  'client.key_rotated': true,
  'client.registered': true,
  'client.rejected': true,
  'consent.denied': true,
  'consent.granted': true,
  'consent.requested': true,
  'consent.used': true,
  'consent.withdrawn': true,
  'delegation.denied': true,
  'delegation.issued': true,
  'delegation.requested': true,
  'escalation.denied': true,
  'jit.approved': true,
  'jit.denied': true,
  'jit.expired': true,
  'jit.requested': true,
  'jit.revoked': true,
  'jit.used': true,
  'login.failed': true,
  'login.succeeded': true,
  'policy.changed': true,
  'role.changed': true,
  'rule.changed': true,
  'set.failed': true,
  'set.requested': true,
  'set.sent': true,
  'signing_key.rotated': true,
  'token.introspected': true,
  'token.requested': true,
  'token.reused': true,
  'token.revoked': true,
  'tool.finished': true,
  'tool.started': true,
} as const satisfies Record<RecordType | SentEvent['type'], true>

const types: readonly string[] = Object.keys(kinds)

/** What stands for all types that begin alike: `consent.*`. */
const families = [...new Set(types.map((type) => `${type.split('.', 1).join()}.*`))]

/** Types and families of types, to choose from. */
export const typeChoices: readonly string[] = [...families, ...types].sort()

/** The types that a text stands for; undefined where it is no type. One that is not known here may be of another version. */
export function typesOf(text: string): string | readonly [string, ...string[]] | undefined {
  if (/^[a-z][a-z_]*\.[a-z_]+$/u.test(text)) return text
  const [one, ...others] = families.includes(text) ? types.filter((type) => type.startsWith(text.slice(0, -1))) : []
  return one === undefined ? undefined : [one, ...others]
}
