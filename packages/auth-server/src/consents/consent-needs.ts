import { createHash } from 'node:crypto'
import type { Permission, PolicyDocument } from '../policy/document.js'
import type { Policy } from '../policy/policy-store.js'
import type { ConsentNeed } from './consent.js'

/** A call of an agent for a person, as far as consent goes. */
export interface ConsentCall {
  readonly subject: string
  readonly agentId: string
  readonly resource: string
  /** Permission names. */
  readonly scope: readonly string[]
  /** Entries of `authorization_details` (RFC 9396). */
  readonly details?: readonly unknown[]
  /** The task it belongs to; null where it names none. */
  readonly transaction: string | null
}

/**
 * What a call needs consent for: each permission whose mode is not `none`, once for every record it names.
 * Permissions that the document does not know, or that belong to another API, need nothing here: policy refuses them.
 */
export function consentNeeds(document: Pick<PolicyDocument, 'permissions'>, call: ConsentCall): readonly ConsentNeed[] {
  return [...new Set(call.scope)].flatMap((name) => {
    const permission = Object.hasOwn(document.permissions, name) ? document.permissions[name] : undefined
    if (permission === undefined || permission.resource !== call.resource || permission.consent === 'none') return []
    const { consent: mode, details: type } = permission
    const { subject, agentId, resource, transaction } = call
    const records = type === undefined ? [] : (call.details ?? []).filter((entry) => typeOf(entry) === type)
    const digests = records.length === 0 ? [''] : [...new Set(records.map(detailsDigest))]
    return digests.map((digest) => ({
      subject,
      agentId,
      permission: name,
      resource,
      detailsDigest: digest,
      mode,
      transaction,
    }))
  })
}

/** The permissions of these names that the policy knows, those of the admin API among them. */
export function permissionsNamed(
  policy: Pick<Policy, 'permission'>,
  names: readonly string[],
): Record<string, Permission> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const permission = policy.permission(name)
      return permission === undefined ? [] : [[name, permission]]
    }),
  )
}

/**
 * Digest of one entry of `authorization_details`: SHA-256 in base64url over its canonical JSON (RFC 8785), without `locations`,
 * which repeats the API.
 */
export function detailsDigest(entry: unknown): string {
  const isObject = typeof entry === 'object' && entry !== null
  const rest = isObject ? Object.fromEntries(Object.entries(entry).filter(([name]) => name !== 'locations')) : entry
  return createHash('sha256').update(canonical(rest)).digest('base64url')
}

/** `type` of an entry of `authorization_details`; undefined where it has none. */
function typeOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || !('type' in entry)) return undefined
  return typeof entry.type === 'string' ? entry.type : undefined
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}
