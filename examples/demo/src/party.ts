import type { DelegationClient } from '@behalf/agent'
import { bearer, type Caller } from '@behalf/example-harness'
import { type Api, audienceOf } from './apis.js'
import type { Application } from './application.js'
import type { Person } from './person.js'
import { uses } from './world.js'

/** Whoever makes a call: what the table says of them, and how they call. */
export interface Party {
  readonly clientId: string
  readonly subject: string
  readonly agent?: string
  readonly call: Caller
  /** A fresh token to carry; null where they have none. */
  readonly token: () => Promise<string | null>
}

/** An agent: its SDK, and the application in which people let it act for them. */
export interface Agent {
  readonly id: string
  readonly client: DelegationClient
  readonly application: Application
  /** Scopes that people are asked for when they sign in. */
  readonly scope: readonly string[]
}

/** The task that all of this belongs to: the audit events of every service carry it. */
export const task = 'ticket-4711'

/** The agent for a person: for every call the SDK has a token of its own, for this API and this tool. */
export function delegated(agent: Agent, person: Person, issuer: string, api: Api): Party {
  const { id, client, application } = agent
  const request = { resource: audienceOf(api), tool: uses[api].tool, transaction: task }
  const subjectToken = (): Promise<string> => application.tokenOf(person, issuer, agent.scope.join(' '))
  return {
    clientId: application.clientId,
    subject: person.subject,
    agent: id,
    call: async (url, outgoing) => client.fetch(url, { ...outgoing, ...request, subjectToken: await subjectToken() }),
    token: async () => {
      const asked = { ...request, subjectToken: await subjectToken(), singleUse: true }
      return (await client.getDelegationToken(asked)).accessToken
    },
  }
}

/** The agent for nobody but itself. */
export function alone({ client, application: { clientId } }: Agent, api: Api): Party {
  const request = { resource: audienceOf(api), tool: uses[api].tool, transaction: task }
  return {
    clientId,
    subject: '-',
    call: (url, outgoing) => client.fetch(url, { ...outgoing, ...request }),
    token: async () => (await client.getDelegationToken(request)).accessToken,
  }
}

/** The person, in an application without an agent. */
export function direct(application: Application, person: Person, api: Api): Party {
  const { subject } = person
  return carrying({ clientId: application.clientId, subject }, () =>
    application.tokenOf(person, audienceOf(api), uses[api].scope),
  )
}

/** Somebody without any token. */
export const nobody: Party = carrying({ clientId: '-', subject: '-' }, async () => null)

/** The same party with a token copied out of the agent: carried to wherever, and never replaced. */
export function copying(party: Party): Party {
  return carrying(party, party.token)
}

/** The same party with one and the same token for every call. */
export function keeping(party: Party): Party {
  let kept: Promise<string | null> | undefined
  return carrying(party, () => {
    kept ??= party.token()
    return kept
  })
}

/** The same party with a token that somebody worked on. */
export function forging(party: Party, forge: (token: string) => string): Party {
  return carrying(party, async () => forge((await party.token()) ?? ''))
}

function carrying(party: Omit<Party, 'call' | 'token'>, token: Party['token']): Party {
  return { ...party, token, call: async (url, outgoing) => bearer(await token())(url, outgoing) }
}
