import type { TrailEvent } from '../trail-event.js'
import { type Activity, describeEvent, prune } from './common-attributes.js'
import type { OcsfEvent } from './ocsf-event.js'
import { describeActor, describeAgent, describeObserver, describeSource } from './parties.js'

const apiActivity = {
  class_uid: 6003,
  class_name: 'API Activity',
  category_uid: 6,
  category_name: 'Application Activity',
} as const

const activities: Readonly<Record<string, Activity>> = {
  POST: { activity_id: 1, activity_name: 'Create' },
  GET: { activity_id: 2, activity_name: 'Read' },
  HEAD: { activity_id: 2, activity_name: 'Read' },
  OPTIONS: { activity_id: 2, activity_name: 'Read' },
  PUT: { activity_id: 3, activity_name: 'Update' },
  PATCH: { activity_id: 3, activity_name: 'Update' },
  DELETE: { activity_id: 4, activity_name: 'Delete' },
}

/** API Activity (6003): a call and what was decided about it, or whatever else happened. */
export function describeActivity(event: TrailEvent): OcsfEvent {
  const { type, request, resource, trace, observer } = event
  const { aud, route, id } = resource ?? {}
  const method = request?.method
  const activity = activities[method ?? ''] ?? { activity_id: 99, activity_name: type }
  return prune({
    ...describeEvent(event, apiActivity, activity, ['ai_operation', 'trace']),
    api: {
      operation: method === undefined ? type : [method, route].filter((part) => part !== undefined).join(' '),
      service: { name: observer?.service ?? aud, uid: aud },
    },
    actor: describeActor(event),
    ai_agent: describeAgent(event),
    src_endpoint: describeSource(event),
    dst_endpoint: describeObserver(event),
    resources: aud === undefined ? undefined : [prune({ uid: id ?? aud, name: aud, role_id: 1, role: 'Target' })],
    http_request: { http_method: method, url: { path: route } },
    trace: { uid: trace?.trace_id },
  })
}
