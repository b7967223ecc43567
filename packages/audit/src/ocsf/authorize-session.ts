import type { TrailEvent } from '../trail-event.js'
import { describeEvent, prune } from './common-attributes.js'
import type { OcsfEvent } from './ocsf-event.js'
import { describeActor, describeAgent, describeSession, describeSource, describeUser } from './parties.js'

const authorizeSession = {
  class_uid: 3003,
  class_name: 'Authorize Session',
  category_uid: 3,
  category_name: 'Identity & Access Management',
} as const

const assignPrivileges = { activity_id: 1, activity_name: 'Assign Privileges' } as const

const issuance: ReadonlySet<string> = new Set([
  'delegation.requested',
  'delegation.issued',
  'delegation.denied',
  'access.issued',
  'access.denied',
  'escalation.denied',
])

/** Whether an event is about giving somebody a token. */
export function isIssuance({ type }: Pick<TrailEvent, 'type'>): boolean {
  return issuance.has(type)
}

/** Authorize Session (3003): the privileges of a token, or those that were asked for and refused. */
export function describeAuthorization(event: TrailEvent): OcsfEvent {
  const { granted, requested, resource } = event
  return prune({
    ...describeEvent(event, authorizeSession, assignPrivileges, ['ai_operation']),
    user: describeUser(event),
    actor: describeActor(event),
    ai_agent: describeAgent(event),
    session: describeSession(event),
    privileges: granted?.scope ?? requested?.scope ?? [],
    src_endpoint: describeSource(event),
    dst_endpoint: { name: resource?.aud },
  })
}
