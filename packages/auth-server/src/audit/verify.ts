import type { JWK } from 'jose'
import { type Database, first } from '../database/database.js'
import type { AuditVerification } from './audit-trail.js'
import type { ChainEnd } from './chain.js'
import { createCheckpointVerifier } from './checkpoint.js'
import { type ChainReading, verifyChain } from './verify-chain.js'

/** The next name after one, through three indexes: a chain is known by any trace it left. */
const nextChain = `
  select min(chain) as chain from (
    select min(chain) as chain from audit_events where chain > $1
    union all select min(chain) from audit_checkpoints where chain > $1
    union all select min(chain) from audit_chains where chain > $1) as named`

/**
 * Verifies every chain of the trail, one after the other.
 *
 * @param keys - public keys that checkpoints are verified with
 * @param issuer - who signs them
 * @param signed - ends that chains had, from elsewhere: the log tells of every checkpoint
 */
export async function verifyTrail(
  database: Database,
  keys: () => Promise<readonly JWK[]>,
  issuer: string,
  signed: readonly ChainEnd[] = [],
): Promise<AuditVerification> {
  const verifyCheckpoint = createCheckpointVerifier(await keys(), issuer)
  const readings: ChainReading[] = []
  for (let chain = await chainAfter(database, ''); chain !== null; chain = await chainAfter(database, chain)) {
    readings.push(await verifyChain(database, chain, verifyCheckpoint))
  }
  const known = new Map(readings.map((reading) => [reading.chain, reading]))
  for (const { previous } of readings) {
    if (previous !== undefined) await followLink(database, previous, known)
  }
  for (const end of signed) await followLink(database, end, known, 'truncated')
  const chains = [...known.values()].map(({ chain, events, checkpoints, fault }) => ({
    chain,
    events,
    checkpoints,
    fault,
  }))
  return { intact: chains.every(({ fault }) => fault === undefined), chains }
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
