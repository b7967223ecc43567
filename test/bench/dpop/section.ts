import { createDpopKey } from '@behalf/testing'
import { startIssuer } from '../http/issuer.js'
import { type Contender, type Measurement, measure } from '../measure.js'
import type { Scale } from '../scale.js'
import { createSigner, type Signer } from '../signer.js'
import { ratio, statistic } from '../statistic.js'
import { formatRatio, type Section } from '../table.js'
import { aheadOfPeers, verdict } from '../target.js'
import { createBehalf, createPeer, demandFairProofs, type Guard } from './guards.js'
import { newKeys, type ProofAlgorithm, sameKey, type Traffic } from './traffic.js'

const limit = 'crypto.verify alone: the limit'
const behalf = '@behalf/express'
const peer = 'express-oauth2-jwt-bearer'

/** Who sends the requests of a round. */
const clients: Readonly<
  Record<string, (signer: Signer, issuer: string, algorithm: ProofAlgorithm, count: number) => Promise<Traffic>>
> = {
  'one, and its token, again': async (signer, issuer, algorithm, count) =>
    sameKey(signer, issuer, await createDpopKey(algorithm), count),
  'a new one each time': async (signer, issuer, algorithm, count) =>
    newKeys(signer, issuer, await Promise.all(Array.from({ length: count }, () => createDpopKey(algorithm)))),
}

export const dpopSection: Section<Scale> = {
  id: 'dpop',
  title: 'DPoP',
  async measure({ dpop: { proofs, rounds } }) {
    const signer = createSigner('RS256')
    const issuer = await startIssuer(signer.jwk)
    const guards = new Map([
      [behalf, createBehalf(signer, issuer)],
      [peer, createPeer(signer, issuer)],
    ])
    const rows: string[][] = []
    for (const algorithm of ['ES256', 'EdDSA'] as const) {
      for (const [name, guard] of guards) await demandFairProofs(name, guard, signer, issuer.issuer, algorithm)
      for (const [name, createTraffic] of Object.entries(clients)) {
        const contenders = await createContenders(guards, () => createTraffic(signer, issuer.issuer, algorithm, proofs))
        const measurement = await measure(contenders, { rounds, calls: proofs, slice: 20 })
        rows.push(...contenders.map((contender) => formatRow([algorithm, name, contender.name], measurement)))
      }
    }
    for (const guard of guards.values()) await guard.close()
    issuer.close()
    return {
      columns: [
        'proof',
        'client',
        'guard of the route',
        'µs per call',
        'of the limit',
        `times ${peer}`,
        'target',
        'reached',
      ],
      rows,
      notes: [
        `Guards of an Express route, called without a socket, with an RS256 token bound to the client's key and a proof made for the request; ${proofs} proofs a round, ${rounds} rounds, contenders in turns of 20 calls. Keys, tokens and proofs are new in each round.`,
        'The limit: bare `crypto.verify` over inputs and keys decoded beforehand, of the proof; for new clients also of the token.',
        'Both were seen to refuse a proof of another key, method, URL, token or type, an old one, a tampered one, and a token without a key. Behalf also refuses a proof that was used before, which its peer does not look for.',
      ],
    }
  },
}

async function createContenders(
  guards: ReadonlyMap<string, Guard>,
  createTraffic: () => Promise<Traffic>,
): Promise<readonly Contender[]> {
  let traffic = await createTraffic()
  return [
    {
      name: limit,
      asynchronous: false,
      async begin() {
        traffic = await createTraffic()
      },
      call: (index) => traffic.bareVerify(index),
    },
    ...[...guards].map(([name, { authorize }]) => ({
      name,
      asynchronous: true,
      call: (index: number) => authorize(traffic.presented[index] ?? { token: '', proof: '' }),
    })),
  ]
}

function formatRow([algorithm, client, name]: readonly [string, string, string], measurement: Measurement): string[] {
  const own = measurement.get(name) ?? []
  const lead = ratio(measurement.get(peer) ?? [], own)
  return [
    algorithm,
    client,
    name,
    statistic(own).median.toFixed(1),
    formatRatio(ratio(measurement.get(limit) ?? [], own)),
    name === limit ? '' : formatRatio(lead),
    ...verdict(name === behalf ? [aheadOfPeers(lead.median)] : []),
  ]
}
