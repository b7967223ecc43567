import { type Database, first } from '../database/database.js'
import type { AuditFault, ChainFault, ChainVerification } from './audit-trail.js'
import type { ChainEnd, KnownEnd } from './chain.js'
import type { CheckpointVerifier, StoredCheckpoint } from './checkpoint.js'
import { examineRows, type StoredRow } from './examine-rows.js'
import { type Link, readLink } from './link.js'
import { columnNames } from './row.js'

/** What was read of a chain, and what its first event says of the others. */
export interface ChainReading extends ChainVerification, Link {}

/** Rows in memory at a time. */
const pageSize = 500

const eventPage = `
  select seq, event, hash, ${columnNames.join(', ')} from audit_events
  where chain = $1 and seq > $2 order by seq limit ${pageSize}`

const checkpointPage = `
  select chain, seq, hash, statement from audit_checkpoints
  where chain = $1 and seq > $2 and seq <= $3 order by seq limit ${pageSize}`

/** In one statement, so that all of it is of one moment. */
const storedEnd = `
  select
    coalesce((select max(seq) from audit_events where chain = $1), 0) as written,
    coalesce((select seq from audit_chains where chain = $1), 0) as chained`

/** Checkpoints for what is not there, of one moment too. */
const danglingCheckpoints = `
  select chain, seq, hash, statement from audit_checkpoints
  where chain = $1 and seq > (select coalesce(max(seq), 0) from audit_events where chain = $1)
  order by seq limit ${pageSize}`

/**
 * Reads a chain from its first event to its end or to the first fault, and the checkpoints along the way.
 *
 * @param hear - what genuine checkpoints say of the newest chain
 */
export async function verifyChain(
  database: Database,
  chain: string,
  verifyCheckpoint: CheckpointVerifier,
  hear: (newest: KnownEnd | undefined) => void,
): Promise<ChainReading> {
  let end: ChainEnd = { chain, seq: 0, hash: null }
  let link: Link = {}
  let events = 0
  let checkpoints = 0

  for (;;) {
    const rows = await database.query<StoredRow>(eventPage, [chain, end.seq])
    const [row] = rows
    if (row === undefined) break
    const examined = examineRows(end, rows)
    // without a fault it is the first event, and the text is the canonical one
    if (end.seq === 0 && examined.fault?.seq !== 1) link = readLink(JSON.parse(row.event))
    const signed = await examineCheckpoints(end.seq, examined.end.seq, rows)
    events += rows.length
    checkpoints += signed.count
    const fault = lowest(examined.fault, signed.fault)
    if (fault !== undefined) return { ...link, chain, events, checkpoints, fault }
    end = examined.end
  }
  return { ...link, fault: await examineEnd(), chain, events, checkpoints }

  async function examineCheckpoints(
    after: number,
    through: number,
    rows: readonly StoredRow[],
  ): Promise<{ readonly count: number; readonly fault?: ChainFault }> {
    const hashes = new Map(rows.map(({ seq, hash }) => [seq, hash]))
    let count = 0
    for (let from = after; ; ) {
      const page = await database.query<StoredCheckpoint>(checkpointPage, [chain, from, through])
      for (const checkpoint of page) {
        count += 1
        const what = await examineCheckpoint(checkpoint, hashes.get(checkpoint.seq))
        if (what !== undefined) return { count, fault: { seq: checkpoint.seq, what } }
      }
      if (page.length < pageSize) return { count }
      from = page.at(-1)?.seq ?? through
    }
  }

  async function examineCheckpoint(checkpoint: StoredCheckpoint, hash?: string): Promise<AuditFault | undefined> {
    const statement = await verifyCheckpoint(checkpoint)
    if (statement === undefined) return 'forged_checkpoint'
    if (hash !== checkpoint.hash) return 'altered'
    hear(statement.newest)
    return undefined
  }

  async function examineEnd(): Promise<ChainFault | undefined> {
    for (const checkpoint of await database.query<StoredCheckpoint>(danglingCheckpoints, [chain])) {
      checkpoints += 1
      if ((await verifyCheckpoint(checkpoint)) === undefined) return { seq: checkpoint.seq, what: 'forged_checkpoint' }
      return { seq: end.seq + 1, what: 'truncated' }
    }
    const stored = first(await database.query<{ written: number; chained: number }>(storedEnd, [chain]))
    if (stored?.written === 0) return { seq: 1, what: stored.chained === 0 ? 'missing' : 'truncated' }
    if (stored === undefined || stored.written === stored.chained) return undefined
    return stored.written < stored.chained
      ? { seq: stored.written + 1, what: 'truncated' }
      : { seq: stored.chained + 1, what: 'altered' }
  }
}

function lowest(one: ChainFault | undefined, other: ChainFault | undefined): ChainFault | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return other.seq < one.seq ? other : one
}
