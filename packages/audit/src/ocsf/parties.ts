import type { TrailEvent } from '../trail-event.js'

/** Whose authority is used, as an OCSF `user`. */
export function describeUser({ subject, client }: TrailEvent): object {
  const uid = subject?.id ?? client?.id
  if (uid === undefined) return { name: 'unknown', type_id: 0, type: 'Unknown' }
  const isPerson = subject !== undefined && subject.profile !== 'ai_agent'
  return { uid, domain: subject?.iss, ...(isPerson ? { type_id: 1, type: 'User' } : { type_id: 4, type: 'Service' }) }
}

/** The token that was used or issued, as an OCSF `session`. */
export function describeSession({ token }: TrailEvent): object | undefined {
  return (
    token && {
      credential_uid: token.jti,
      uid: token.jti ?? token.sha256,
      issuer: token.iss,
      created_time: milliseconds(token.iat),
      expiration_time: milliseconds(token.exp),
    }
  )
}

/** Who acted, for whom, with which token and by which rule. */
export function describeActor(event: TrailEvent): object {
  const { client, decision, reason } = event
  return {
    user: describeUser(event),
    session: describeSession(event),
    app_uid: client?.id,
    authorizations: decision === undefined ? undefined : [{ decision, policy: describePolicy(reason?.policy) }],
  }
}

/** The agent, as the profile `ai_operation` has it. */
export function describeAgent({ actor }: TrailEvent): object | undefined {
  return actor?.id === undefined ? undefined : { uid: actor.id, name: actor.id, type_id: 0 }
}

/** Where a request came from: what is known is the client, not its address. */
export function describeSource({ client, actor }: TrailEvent): object {
  const uid = client?.id ?? actor?.id
  return uid === undefined ? { name: 'unknown' } : { uid, name: uid }
}

/** Who saw it. */
export function describeObserver({ observer, resource }: TrailEvent): object | undefined {
  const name = observer?.service ?? resource?.aud
  return name === undefined ? undefined : { name, svc_name: observer?.service, instance_uid: observer?.instance }
}

/** A rule as `id@version`. */
function describePolicy(policy: string | undefined): object | undefined {
  if (policy === undefined) return undefined
  const at = policy.lastIndexOf('@')
  return at < 1 ? { uid: policy } : { uid: policy.slice(0, at), version: policy.slice(at + 1) }
}

/** Whole ones, as OCSF has them; none for what a token names that is no moment. */
function milliseconds(seconds: number | null | undefined): number | undefined {
  const rounded = typeof seconds === 'number' ? Math.floor(seconds * 1000) : Number.NaN
  return Number.isSafeInteger(rounded) ? rounded : undefined
}
