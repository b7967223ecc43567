import type { ResourceServer } from '@behalf/core'
import { createAuditCounter, createRequest, createServer, nextTurn, trust } from './behalf.js'
import { demandFairness } from './fairness.js'
import { bareVerify } from './limit.js'
import { type Contender, type Measurement, measure } from './measure.js'
import { peers } from './peers.js'
import type { Scale } from './scale.js'
import { type Algorithm, algorithms, createSigner, type Signer, scope } from './signer.js'
import { ratio, statistic } from './statistic.js'
import { formatRatio, type Section } from './table.js'
import { aheadOfPeers, atLeast, type Target, verdict } from './target.js'

const limit = 'crypto.verify alone: the limit'
const behalfVerify = 'Behalf verify()'
const behalfAuthorize = 'Behalf authorize(), audited'

const verifyShare: Readonly<Record<Algorithm, number>> = { RS256: 0.9, ES256: 0.95, EdDSA: 0.95, PS256: 0.95 }

export const verifySection: Section<Scale> = {
  id: 'verify',
  title: 'Verify, every token distinct',
  async measure({ verify: { tokens, rounds } }) {
    const rows: string[][] = []
    for (const algorithm of algorithms) {
      const signer = createSigner(algorithm)
      const contenders = await createContenders(signer, signer.tokens(tokens))
      const measurement = await measure(contenders, { rounds, calls: tokens, slice: 40 })
      rows.push(...contenders.map(({ name }) => formatRow(algorithm, name, measurement)))
    }
    return {
      columns: ['algorithm', 'verifier', 'µs per call', 'of the limit', 'target', 'reached'],
      rows,
      notes: [
        `${tokens} distinct delegated tokens, one after the other; ${rounds} rounds, contenders in turns of 40 tokens.`,
        'Of the limit: time of bare `crypto.verify` over inputs decoded beforehand, divided by the time of the row. Median of rounds (quartiles).',
        'Each round has a fresh resource server with its default token cache: no token is ever found in it, and each is put into it.',
        'Every verifier was seen to refuse wrong issuer, audience, expiry, algorithm, key and claims before it was timed.',
        'Absent: aws-jwt-verify has no PS256, jsonwebtoken no EdDSA.',
      ],
    }
  },
}

async function createContenders(signer: Signer, tokens: readonly string[]): Promise<readonly Contender[]> {
  const rivals = peers.filter((peer) => peer.algorithms.includes(signer.algorithm))
  return [
    { name: limit, asynchronous: false, call: bareVerify([signer], tokens) },
    await createVerify(signer, tokens),
    createAuthorize(signer, tokens),
    ...(await Promise.all(
      rivals.map(async ({ name, asynchronous, create }) => {
        const verify = await create(signer)
        await demandFairness(name, signer, verify)
        return { name, asynchronous, call: (index: number) => verify(tokens[index] ?? '') }
      }),
    )),
  ]
}

async function createVerify(signer: Signer, tokens: readonly string[]): Promise<Contender> {
  let server: ResourceServer = createServer(trust([signer]))
  await demandFairness(behalfVerify, signer, (token) => server.verify(token))
  return {
    name: behalfVerify,
    asynchronous: true,
    async begin() {
      await server.close()
      server = createServer(trust([signer]))
      await server.verify(signer.token())
    },
    call: (index) => server.verify(tokens[index] ?? ''),
  }
}

function createAuthorize(signer: Signer, tokens: readonly string[]): Contender {
  const requests = tokens.map((token) => createRequest(`Bearer ${token}`))
  const counter = createAuditCounter()
  let server: ResourceServer | undefined
  let calls = 0
  return {
    name: behalfAuthorize,
    asynchronous: true,
    async begin() {
      await server?.close()
      counter.demand(calls)
      calls += tokens.length
      server = createServer(trust([signer]), { audit: counter.audit })
      await server.verify(signer.token())
    },
    call: (index) => server?.authorize(requests[index] ?? createRequest(''), { scope }),
    settle: nextTurn,
  }
}

function formatRow(algorithm: Algorithm, name: string, measurement: Measurement): string[] {
  const own = measurement.get(name) ?? []
  const share = ratio(measurement.get(limit) ?? [], own)
  return [
    algorithm,
    name,
    statistic(own).median.toFixed(1),
    formatRatio(share),
    ...verdict(targetsOf(algorithm, name, share.median, measurement)),
  ]
}

function targetsOf(algorithm: Algorithm, name: string, share: number, measurement: Measurement): readonly Target[] {
  if (name === behalfVerify) {
    const leads = peers.flatMap((peer) => {
      const series = measurement.get(peer.name)
      return series === undefined ? [] : [ratio(series, measurement.get(name) ?? []).median]
    })
    return [atLeast(share, verifyShare[algorithm]), aheadOfPeers(Math.min(...leads))]
  }
  return name === behalfAuthorize && algorithm === 'RS256' ? [atLeast(share, 0.85)] : []
}
