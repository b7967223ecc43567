import { createAuditCounter, createRequest, createServer, nextTurn, trust } from './behalf.js'
import { type Contender, measure } from './measure.js'
import { createFastJwt, fastJwtCached } from './peers.js'
import type { Scale } from './scale.js'
import { createSigner, scope } from './signer.js'
import { ratio, statistic } from './statistic.js'
import { formatCount, formatRatio, type Section } from './table.js'
import { atLeast, type Target, verdict } from './target.js'
import { createWire } from './wire.js'

const limit = 'making the string: the limit'
const lookUp = 'a Map look-up of the string'
const behalfVerify = 'Behalf verify()'
const behalfAuthorize = 'Behalf authorize()'
const behalfAudited = 'Behalf authorize(), audited'

const perSecond: Readonly<Record<string, number>> = { [behalfVerify]: 500_000, [behalfAuthorize]: 250_000 }

export const repeatedSection: Section<Scale> = {
  id: 'repeated',
  title: 'Verify, tokens seen before',
  async measure({ repeated: { tokens, calls, rounds } }) {
    const contenders = createContenders(tokens)
    const measurement = await measure(contenders, { rounds, calls, slice: 1_000 })
    const reference = measurement.get(fastJwtCached) ?? []
    return {
      columns: ['verifier', 'µs per call', 'calls per second', 'times fast-jwt', 'target', 'reached'],
      rows: contenders.map(({ name }) => {
        const own = measurement.get(name) ?? []
        const { median } = statistic(own)
        const lead = ratio(reference, own)
        const targets = targetsOf(name, 1_000_000 / median, lead.median)
        return [name, median.toFixed(2), formatCount(1_000_000 / median), formatRatio(lead), ...verdict(targets)]
      }),
      notes: [
        `${formatCount(tokens)} RS256 tokens in turn, each presented as a string made anew for the call, as from a socket; ${formatCount(calls)} calls a round, ${rounds} rounds, contenders in turns of 1,000 calls.`,
        'Making the string is part of every row.',
      ],
    }
  },
}

function createContenders(count: number): readonly Contender[] {
  const signer = createSigner('RS256')
  const tokens = signer.tokens(count)
  const wire = createWire(tokens)
  const headers = createWire(tokens.map((token) => `Bearer ${token}`))

  const known = new Map(tokens.map((token) => [token, signer]))
  const fastJwt = createFastJwt(signer, 10_000)
  const server = createServer(trust([signer]))
  const audited = createServer(trust([signer]), { audit: createAuditCounter().audit })
  return [
    { name: limit, asynchronous: false, call: wire },
    { name: lookUp, asynchronous: false, call: (index) => known.get(wire(index)) },
    { name: behalfVerify, asynchronous: true, call: (index) => server.verify(wire(index)) },
    {
      name: behalfAuthorize,
      asynchronous: true,
      call: (index) => server.authorize(createRequest(headers(index)), { scope }),
    },
    {
      name: behalfAudited,
      asynchronous: true,
      call: (index) => audited.authorize(createRequest(headers(index)), { scope }),
      settle: nextTurn,
    },
    { name: fastJwtCached, asynchronous: false, call: (index) => fastJwt(wire(index)) },
  ]
}

function targetsOf(name: string, rate: number, lead: number): readonly Target[] {
  const bound = perSecond[name]
  if (bound === undefined) return []
  const speed: Target = { text: `≥ ${formatCount(bound)}/s`, margin: rate / bound - 1 }
  return name === behalfVerify ? [speed, atLeast(lead, 1.5, '≥ 1.5 × fast-jwt')] : [speed]
}
