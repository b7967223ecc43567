import type { JWK } from 'jose'
import { type Database, first } from '../database/database.js'
import type { AuditVerification, ChainVerification } from './audit-trail.js'
import { findMissing } from './births.js'
import type { ChainEnd, KnownEnd } from './chain.js'
import { createCheckpointVerifier } from './checkpoint.js'
import { createToldEnds, type LoggedCheckpoint } from './told-ends.js'
import { type ChainReading, verifyChain } from './verify-chain.js'

/** The next name after one, through three indexes: a chain is known by any trace it left. */
const nextChain = `
  select min(chain) as chain from (
    select min(chain) as chain from audit_events where chain > $1
    union all select min(chain) from audit_checkpoints where chain > $1
    union all select min(chain) from audit_chains where chain > $1) as named`

/** In one statement: what began by now, whatever began while the chains were read. */
const chainNumbers = 'select chain, number from audit_chains order by number'

/**
 * Verifies every chain of the trail, one after the other, and that none of them is gone.
 *
 * @param keys - public keys that checkpoints are verified with
 * @param issuer - who signs them
 * @param signed - checkpoints from elsewhere: the log tells of every one
 */
export async function verifyTrail(
  database: Database,
  keys: () => Promise<readonly JWK[]>,
  issuer: string,
  signed: readonly LoggedCheckpoint[] = [],
): Promise<AuditVerification> {
  const verifyCheckpoint = createCheckpointVerifier(await keys(), issuer)
  const told = createToldEnds()
  for (const { newest } of signed) told.add(newest)
  const readings: ChainReading[] = []
  for (let chain = await chainAfter(database, ''); chain !== null; chain = await chainAfter(database, chain)) {
    readings.push(await verifyChain(database, chain, verifyCheckpoint, told.add))
  }
  const known = new Map(readings.map((reading) => [reading.chain, reading]))
  for (const { previous } of readings) {
    if (previous !== undefined) await followLink(database, previous, known)
  }
  for (const end of signed) await followLink(database, end, known, 'truncated')
  for (const end of told.latest()) {
    await followLink(database, end, known, known.has(end.chain) ? 'truncated' : 'missing')
  }
  const claims = [...readings, ...readings.map(({ previous }) => previous), ...told.latest()]
  const gone = await followNumbers(database, known, claims)
  const chains = [...known.values(), ...gone].map(({ chain, events, checkpoints, fault }) => ({
    chain,
    events,
    checkpoints,
    fault,
  }))
  return { intact: chains.every(({ fault }) => fault === undefined), chains }
}

/** Every chain has the number that it was given and that others know it by, and no number lacks its chain. */
async function followNumbers(
  database: Database,
  known: Map<string, ChainReading>,
  claims: readonly (Pick<KnownEnd, 'chain' | 'number'> | undefined)[],
): Promise<readonly ChainVerification[]> {
  const rows = await database.query<{ chain: string; number: number }>(chainNumbers)
  const given = new Map(rows.map(({ chain, number }) => [chain, number]))
  const taken = new Map<number, string>()
  const wrong = [...known.values()].filter(({ number = 1, previous }) => number > 1 && previous?.number !== number - 1)
  for (const claim of [...rows, ...claims]) {
    if (claim?.number === undefined) continue
    const { chain, number } = claim
    const holder = taken.get(number) ?? chain
    taken.set(number, holder)
    const reading = known.get(chain)
    if (reading !== undefined && (holder !== chain || (given.get(chain) ?? number) !== number)) wrong.push(reading)
  }
  for (const { chain } of wrong) {
    const reading = known.get(chain)
    if (reading !== undefined && reading.events > 0 && reading.fault?.seq !== 1) {
      known.set(chain, { ...reading, fault: { seq: 1, what: 'altered' } })
    }
  }
  return findMissing(taken.keys())
}

async function chainAfter(database: Database, chain: string): Promise<string | null> {
  return first(await database.query<{ chain: string | null }>(nextChain, [chain]))?.chain ?? null
}

/** A chain begins by naming where another one ended, and so does whoever kept a checkpoint: that event must be there still. */
async function followLink(
  database: Database,
  end: ChainEnd,
  known: Map<string, ChainReading>,
  lack: 'missing' | 'truncated' = 'missing',
): Promise<void> {
  const { chain, seq, hash } = end
  const reading = known.get(chain) ?? { chain, events: 0, checkpoints: 0 }
  if (reading.fault !== undefined && reading.fault.seq <= seq) return
  const row = first(
    await database.query<{ hash: string }>('select hash from audit_events where chain = $1 and seq = $2', [chain, seq]),
  )
  if (row?.hash === hash) return
  const isGone = row === undefined
  const fault = {
    seq: isGone && lack === 'truncated' ? reading.events + 1 : seq,
    what: isGone ? lack : 'altered',
  } as const
  known.set(chain, { ...reading, fault })
}
