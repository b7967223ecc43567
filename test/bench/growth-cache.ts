import type { ResourceServer } from '@behalf/core'
import { createRequest, createServer, trust } from './behalf.js'
import { liveBytes } from './heap.js'
import { type Contender, type Measurement, measure } from './measure.js'
import type { Scale } from './scale.js'
import { createSigner, type Signer, scope } from './signer.js'
import { ratio } from './statistic.js'
import { formatCount, formatRatio } from './table.js'
import { atMost, type Target, verdict } from './target.js'
import { createWire } from './wire.js'

const used = 'a server that has seen many tokens'
const unused = 'a server with a new cache'
const batch = 1_000
const sampled = 300

/** What has been seen so far, and what the memory was. */
interface Stage {
  readonly seen: number
  readonly bytes: number
  readonly distinct: Measurement
  readonly repeated: Measurement
}

export async function cacheRows(scale: Scale['growth']): Promise<readonly (readonly string[])[]> {
  const signer = createSigner('EdDSA')
  const empty = liveBytes()
  const server = createCachingServer(signer, scale)
  const stages: Stage[] = []
  let seen = 0
  for (const target of scale.seen) {
    for (; seen < target; seen += batch) await show(server, signer.tokens(Math.min(batch, target - seen)))
    const bytes = Math.max(0, liveBytes() - empty)
    const distinct = await measureDistinct(server, signer, scale)
    const repeated = await measureRepeated(server, signer, scale)
    stages.push({ seen: target, bytes, distinct, repeated })
  }
  const filled = stages.find((stage) => stage.seen >= scale.cacheEntries)?.bytes ?? 0
  return stages.map((stage) => formatRow(stage, filled))
}

function createCachingServer(signer: Signer, { cacheEntries }: Scale['growth']): ResourceServer {
  return createServer(trust([signer]), { tokenCache: { maxEntries: cacheEntries } })
}

async function show(server: ResourceServer, tokens: readonly string[]): Promise<void> {
  for (const token of tokens) await server.verify(token)
}

/** Every round presents tokens that neither server has seen. */
async function measureDistinct(server: ResourceServer, signer: Signer, scale: Scale['growth']): Promise<Measurement> {
  const control = createCachingServer(signer, scale)
  let requests: readonly ReturnType<typeof createRequest>[] = []
  const contender = (name: string, on: ResourceServer): Contender => ({
    name,
    asynchronous: true,
    call: (index) => on.authorize(requests[index] ?? createRequest(''), { scope }),
  })
  const renew = (): void => {
    requests = signer.tokens(sampled).map((token) => createRequest(`Bearer ${token}`))
  }
  const contenders = [{ ...contender(used, server), begin: renew }, contender(unused, control)]
  return measure(contenders, { rounds: scale.rounds, calls: sampled, slice: 20 })
}

async function measureRepeated(server: ResourceServer, signer: Signer, scale: Scale['growth']): Promise<Measurement> {
  const control = createCachingServer(signer, scale)
  const tokens = signer.tokens(Math.min(sampled, scale.cacheEntries))
  for (const each of [server, control]) await show(each, tokens)
  const headers = createWire(tokens.map((token) => `Bearer ${token}`))
  const contender = (name: string, on: ResourceServer): Contender => ({
    name,
    asynchronous: true,
    call: (index) => on.authorize(createRequest(headers(index)), { scope }),
  })
  return measure([contender(used, server), contender(unused, control)], {
    rounds: scale.rounds,
    calls: scale.tokens * 20,
    slice: 500,
  })
}

function formatRow({ seen, bytes, distinct, repeated }: Stage, filled: number): string[] {
  const factors = [distinct, repeated].map((measurement) =>
    ratio(measurement.get(used) ?? [], measurement.get(unused) ?? []),
  )
  const targets: Target[] = [atMost(Math.max(...factors.map(({ median }) => median)), 1.2)]
  if (bytes > filled && filled > 0) targets.push(atMost(bytes / filled, 1.2, 'memory ≤ 1.20 × a full cache'))
  const memory = `${(bytes / 1024 / 1024).toFixed(1)} MiB`
  return ['tokens seen', formatCount(seen), ...factors.map(formatRatio), memory, ...verdict(targets)]
}
