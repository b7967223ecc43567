import { type Agent, type ApiName, type Person, resourceOf, type Stage } from '@behalf/example-stage'
import { task } from './desk.js'
import type { Wire } from './wire.js'

/** A call of an API, before it carries anything. */
export interface ApiCall {
  readonly at: ApiName
  readonly path: string
  /** Sent by POST where there is one. */
  readonly body?: object
}

export type Headers = Readonly<Record<string, string>>

/** Sends a call with these headers, and nothing else. */
export async function send({ apis }: Pick<Stage, 'apis'>, wire: Wire, call: ApiCall, headers: Headers): Promise<void> {
  const { at, path, body } = call
  const response = await wire.send(new URL(path, apis[at].url), {
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(5_000),
  })
  await response.body?.cancel()
}

/** A token in its place. Nothing where there is none. */
export function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` }
}

/** Asks for a token of an agent that is bound to no key, so that anybody can carry it. */
export async function unboundToken(agent: Agent, person: Person | null, at: ApiName, tool: string): Promise<string> {
  const { accessToken } = await agent.unbound.getDelegationToken({
    resource: resourceOf(at),
    tool,
    transaction: task,
    singleUse: true,
    ...(person && { subjectToken: await agent.subjectToken(person) }),
  })
  return accessToken
}
