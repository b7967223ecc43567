import { randomUUID } from 'node:crypto'
import type { Decision, Guard, ReplayStore, ResourceRequest, ResourceServer } from '@behalf/core'
import { createRedisReplayStore } from '@behalf/redis'
import { Redis } from 'ioredis'
import { createRequest, createServer, trust } from './behalf.js'
import { type Contender, type Measurement, measure } from './measure.js'
import type { Scale } from './scale.js'
import { createSigner, type Signer, scope } from './signer.js'
import { ratio, statistic } from './statistic.js'
import { formatRatio } from './table.js'

const nothing = 'nothing'
const inMemory = 'singleUse, in memory'
const inRedis = 'singleUse, in Redis'
const inRedisAtOnce = 'singleUse, in Redis, 40 calls at a time'
const slice = 40

/** Tokens that are good for one call: each round has a store that knows none of them. */
export async function featuresOfOneCall(
  scale: Scale['features'],
): Promise<{ readonly rows: readonly (readonly string[])[]; readonly notes: readonly string[] }> {
  const signer = createSigner('RS256')
  const tokens = signer.tokens(scale.tokens)
  const client = await connect()
  const prefix = `behalf-bench:${randomUUID()}:`
  let round = 0
  const newStore = client && (() => createRedisReplayStore({ client, prefix: `${prefix}${round++}:` }))
  const contenders = [
    createContender(nothing, signer, tokens, { singleUse: false }),
    createContender(inMemory, signer, tokens, { singleUse: true }),
    ...(newStore === undefined
      ? []
      : [
          createContender(inRedis, signer, tokens, { singleUse: true, newStore }),
          createContender(inRedisAtOnce, signer, tokens, { singleUse: true, newStore, atOnce: true }),
        ]),
  ]
  const measurement = await measure(contenders, { rounds: scale.rounds, calls: scale.tokens, slice })
  client?.disconnect()
  return {
    rows: contenders.map(({ name }) => formatRow(name, measurement)),
    notes: [
      client === undefined
        ? 'Absent: singleUse in Redis, for want of a Redis on 127.0.0.1:6379.'
        : 'Redis: on this machine, through ioredis. One call after the other waits for each answer; so much a request is longer. Calls at a time: what it costs the process.',
    ],
  }
}

async function connect(): Promise<Redis | undefined> {
  const client = new Redis({ lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null })
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch {
    client.disconnect()
    return undefined
  }
}

interface ContenderSettings {
  readonly singleUse: boolean
  readonly newStore?: () => ReplayStore
  readonly atOnce?: boolean
}

function createContender(
  name: string,
  signer: Signer,
  tokens: readonly string[],
  { singleUse, newStore, atOnce = false }: ContenderSettings,
): Contender {
  const requests = tokens.map((token) => createRequest(`Bearer ${token}`))
  let server: ResourceServer | undefined
  let guard: Guard<ResourceRequest> | undefined
  let underWay: Promise<Decision>[] = []
  let refused = 0
  return {
    name,
    asynchronous: !atOnce,
    async begin() {
      if (refused > 0) throw new Error(`${name}: ${refused} good tokens were refused`)
      await server?.close()
      server = createServer(trust([signer]), newStore && { replayStore: newStore() })
      guard = server.protect({ scope, singleUse })
      await demandOnce(name, server, signer, singleUse)
    },
    call(index) {
      const request = { ...(requests[index] ?? createRequest('')) } // a guard takes the same object for the same request
      const deciding = guard?.(request, request)
      if (deciding !== undefined) underWay.push(deciding)
      return deciding
    },
    async settle() {
      for (const decision of await Promise.all(underWay)) if (!decision.allowed) refused++
      underWay = []
    },
  }
}

/** Throws unless a token is good for as many calls as it should be. */
async function demandOnce(name: string, server: ResourceServer, signer: Signer, singleUse: boolean): Promise<void> {
  const request = createRequest(`Bearer ${signer.token()}`)
  const first = await server.authorize(request, { singleUse })
  const second = await server.authorize({ ...request }, { singleUse })
  if (!first.allowed || second.allowed === singleUse) throw new Error(`${name} does not count the uses of a token`)
}

function formatRow(name: string, measurement: Measurement): string[] {
  const own = measurement.get(name) ?? []
  const share = ratio(own, measurement.get(nothing) ?? [])
  return ['distinct', name, statistic(own).median.toFixed(2), formatRatio(share), '', '', '']
}
