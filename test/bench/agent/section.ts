import { randomBytes } from 'node:crypto'
import { createDelegationClient, type DelegationClient, type DelegationRequest } from '@behalf/agent'
import { delegatedTool, onBehalfOf } from '@behalf/langchain'
import { tool } from '@langchain/core/tools'
import { exportJWK, generateKeyPair } from 'jose'
import { z } from 'zod'
import { isListening } from '../../support/services.js'
import { type Child, startChild } from '../http/child.js'
import { choosePins } from '../http/pin.js'
import { type Contender, measure } from '../measure.js'
import type { Scale } from '../scale.js'
import { ratio, statistic } from '../statistic.js'
import { formatCount, formatRatio, type Section } from '../table.js'
import type { AuthorityReady } from './authority.js'
import { clientId, resource, scope, tool as toolName } from './world.js'

const reference = 'tool call, static key'

/** What a token for every call costs an agent, beside a call with a static key. */
export const agentSection: Section<Scale> = {
  id: 'agent',
  title: 'Tokens and tool calls of an agent',
  async measure({ agent: { calls, rounds } }) {
    const stage = await startStage(await isListening(5432))
    try {
      const contenders = createContenders(stage)
      for (const { name, call } of contenders) await demandAnswer(name, call)
      await demandRefusals(stage)
      const measurement = await measure(contenders, { rounds, calls, slice: 5 })
      const own = (name: string): readonly number[] => measurement.get(name) ?? []
      return {
        columns: ['what', 'µs', 'of them a second', 'times a call with a static key'],
        rows: contenders.map(({ name }) => {
          const { median } = statistic(own(name))
          const share = name === reference ? '' : formatRatio(ratio(own(name), own(reference)))
          return [name, formatCount(median), formatCount(1_000_000 / median), share]
        }),
        notes: [
          `${formatCount(calls)} calls a round, ${rounds} rounds, one at a time, in turns of 5. Medians (quartiles) of the ratios of each round.`,
          `Auth servers and API in processes of their own, HTTP on the loopback interface. ${stage.note}`,
          stage.remote === undefined ? 'Without PostgreSQL: its rows are left out.' : 'PostgreSQL on the same machine.',
          'A tool call: LangChain’s tool, token, request to an Express API, answer. With a static key: the same with a key in a header, compared by the API. Guarded: @behalf/express verifies token and proof, decides and records.',
          'singleUse: a token for each call, which the API takes once. Tokens are bound to a key (DPoP), where the row does not say otherwise.',
        ],
      }
    } finally {
      await stage.stop()
    }
  },
}

interface Party {
  readonly issuer: string
  readonly subjectToken: string
  createClient(options?: { readonly dpop?: boolean; readonly audit?: () => void }): DelegationClient
}

interface Stage {
  readonly embedded: Party
  readonly remote: Party | undefined
  readonly api: string
  readonly staticKey: string
  readonly note: string
  stop(): Promise<void>
}

async function startStage(isServer: boolean): Promise<Stage> {
  const pins = choosePins()
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const clientKey = await exportJWK(publicKey)
  const children: Child[] = []

  const start = (module: string, setup: object): Child => {
    const child = startChild(`../agent/${module}.js`, [JSON.stringify(setup)], pins.server)
    children.push(child)
    return child
  }
  async function startAuthority(isEmbedded: boolean): Promise<Party> {
    // its module says so
    const ready = (await start('authority', { isEmbedded, clientKey }).ask('ready')) as AuthorityReady
    const required = { serverUrl: ready.issuer, clientId, key: () => ({ privateKey }) }
    return { ...ready, createClient: (options) => createDelegationClient({ ...required, ...options }) }
  }

  const [embedded, remote] = await Promise.all([startAuthority(true), isServer ? startAuthority(false) : undefined])
  const staticKey = randomBytes(32).toString('base64url')
  const issuers = [embedded, remote].flatMap((party) => (party === undefined ? [] : party.issuer))
  const api = String(await start('api', { issuers, staticKey }).ask('ready'))
  return {
    ...{ embedded, remote, api, staticKey },
    note: pins.server.length === 0 ? 'Nothing is pinned.' : 'They share one core; the agent has any.',
    stop: async () => {
      for (const child of children) {
        await child.ask('stop')
        await child.stop()
      }
    },
  }
}

function createContenders({ embedded, remote, api, staticKey }: Stage): readonly Contender[] {
  const request = ({ subjectToken }: Party): DelegationRequest => ({ resource, scope, tool: toolName, subjectToken })
  const asks = (name: string, party: Party, singleUse: boolean): Contender => {
    const client = party.createClient()
    return { name, asynchronous: true, call: () => client.getDelegationToken({ ...request(party), singleUse }) }
  }
  const fields = { name: toolName, description: 'Reads the bill.', schema: z.object({}) }
  const calls = (name: string, party: Party, client: DelegationClient, singleUse = false): Contender => {
    const delegated = delegatedTool(async (_, { fetch }) => (await fetch(singleUse ? '/bill-once' : '/bill')).text(), {
      ...fields,
      delegation: { client, resource, url: api, scope, singleUse },
    })
    const config = onBehalfOf(party.subjectToken, { configurable: { thread_id: 'bench' } })
    return { name, asynchronous: true, call: () => delegated.invoke({}, config) }
  }
  const withKey = tool(
    async () => (await fetch(`${api}/static`, { headers: { 'x-api-key': staticKey } })).text(),
    fields,
  )
  return [
    { name: reference, asynchronous: true, call: () => withKey.invoke({}) },
    asks('getDelegationToken, cached', embedded, false),
    asks('getDelegationToken, not cached, embedded database', embedded, true),
    ...(remote === undefined ? [] : [asks('getDelegationToken, not cached, PostgreSQL', remote, true)]),
    calls('tool call, cached token, not bound to a key', embedded, embedded.createClient({ dpop: false })),
    calls('tool call, cached token', embedded, embedded.createClient()),
    calls('tool call, cached token, with events', embedded, embedded.createClient({ audit: () => {} })),
    calls('tool call, singleUse, embedded database', embedded, embedded.createClient(), true),
    ...(remote === undefined ? [] : [calls('tool call, singleUse, PostgreSQL', remote, remote.createClient(), true)]),
  ]
}

/** What is measured does its work. */
async function demandAnswer(name: string, call: Contender['call']): Promise<void> {
  const answer: unknown = await call(0)
  const isToken = typeof answer === 'object' && answer !== null && 'expiresAt' in answer
  if (!isToken && !String(answer).includes('"total":4200')) throw new Error(`${name} answers ${JSON.stringify(answer)}`)
}

/** And neither way is open to whoever has nothing. */
async function demandRefusals({ api }: Stage): Promise<void> {
  for (const path of ['/static', '/bill', '/bill-once']) {
    const { status } = await fetch(`${api}${path}`)
    if (status !== 401) throw new Error(`${path} answers ${status} to anybody`)
  }
}
