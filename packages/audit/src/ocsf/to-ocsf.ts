import type { AuditEvent } from '@behalf/core'
import type { TrailEvent } from '../trail-event.js'
import { describeActivity } from './api-activity.js'
import { describeAuthorization, isIssuance } from './authorize-session.js'
import type { OcsfEvent } from './ocsf-event.js'

/**
 * Maps an event of the trail to OCSF 1.9 (Open Cybersecurity Schema Framework): what the auth server issued or refused to
 * issue becomes Authorize Session (3003), everything else API Activity (6003).
 *
 * What OCSF has no place for (the tool, its purpose, scopes, details of a change) is in `unmapped`. The digest of the trail
 * is in `raw_data_hash`: it covers the event as the trail has it, not this one.
 */
export function toOcsf(event: AuditEvent | TrailEvent): OcsfEvent {
  return isIssuance(event) ? describeAuthorization(event) : describeActivity(event)
}
