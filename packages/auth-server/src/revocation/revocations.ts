import type { AuditRecord } from '../audit/record.js'
import type { Context } from '../context.js'
import { NotFoundError } from '../errors.js'
import { digest } from '../provider/adapter.js'
import { bases } from './basis.js'
import { clockTolerance, type EndedToken, endTokens } from './ended-token.js'
import { createOutbox } from './outbox.js'
import type { Revocations, Withdrawal, WithdrawalKind } from './revocation.js'
import { describeEvents } from './security-event.js'

/** What withdrawals need from the server. */
export type RevocationContext = Pick<Context, 'database' | 'settings' | 'now' | 'policy' | 'audit'>

/** Identifiers of tokens that an event of the trail lists at most; it always says how many there were. */
const maxListed = 1_000

/** Any number, the same in every process: two withdrawals at once would wait for each other's tokens. */
const lock = 7_261_110

/**
 * Withdraws what was given.
 *
 * @param onQueued - called once security events were committed, to send them without waiting
 */
export function createRevocations(context: RevocationContext, onQueued: () => void = () => {}): Revocations {
  const { database, settings, now } = context
  const outbox = createOutbox(database)

  async function withdraw(withdrawal: Withdrawal): Promise<number> {
    return database.transaction(async () => {
      const time = Math.floor(now())
      const marked = await mark(withdrawal)
      await endGrants(withdrawal)
      await endConsents(withdrawal, time)
      await database.query('select pg_advisory_xact_lock($1)', [lock])
      const ended = await endTokens(database, bases[withdrawal.kind].tokens, withdrawal.value, time)
      await endEngineState(withdrawal)
      await keepWatermark(withdrawal, time)
      await queueEvents(withdrawal, ended, time)
      await context.audit.record(recordOf(withdrawal, ended, marked))
      return ended.filter(({ expiresAt }) => expiresAt > time).length
    })
  }

  async function mark({ kind, value }: Withdrawal): Promise<Marked> {
    const statement = bases[kind].mark
    if (statement === undefined) return {}
    const [row] = await database.query<Marked>(statement, [value])
    if (row === undefined) throw new NotFoundError(`there is no such ${kind}`)
    return row
  }

  async function endGrants({ kind, value }: Withdrawal): Promise<void> {
    const { grants } = bases[kind]
    if (grants === undefined) return
    await database.query(
      `update grants set status = 'revoked' where (${grants}) and status in ('requested', 'approved')`,
      [value],
    )
  }

  async function endConsents({ kind, value }: Withdrawal, time: number): Promise<void> {
    const { consents } = bases[kind]
    if (consents === undefined) return
    await database.query(
      `update consents set status = 'withdrawn', ended_at = $2 where (${consents}) and status <> 'withdrawn'`,
      [value, time],
    )
  }

  /** Sessions, codes, refresh tokens, and the engine's grants behind them. */
  async function endEngineState({ kind, value }: Withdrawal): Promise<void> {
    const { engine } = bases[kind]
    if (engine === undefined) return
    const rows = await database.query<{ grant_id: string | null }>(
      `delete from protocol_entities where model <> 'ReplayDetection' and (${engine}) returning grant_id`,
      [value],
    )
    // at sign-out another sign-in may still rest on the same grant
    if (kind === 'session') return
    const grantIds = new Set(rows.flatMap(({ grant_id: id }) => (id === null ? [] : [id])))
    for (const id of grantIds) {
      await database.query("delete from protocol_entities where model = 'Grant' and id = $1", [digest(id)])
    }
  }

  async function keepWatermark({ kind, value, reason }: Withdrawal, time: number): Promise<void> {
    const { subject, direct, delegation } = settings.lifetimes
    await database.query(
      `insert into revocations (kind, value, issuer, before, reason, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        kind,
        value,
        settings.issuer,
        time,
        reason,
        time,
        time + Math.max(subject, direct, delegation, 900) + clockTolerance,
      ],
    )
  }

  async function queueEvents(withdrawal: Withdrawal, ended: readonly EndedToken[], time: number): Promise<void> {
    const { document } = await context.policy.current()
    const clients = withdrawal.kind === 'agent' ? await clientsOf(withdrawal.value) : []
    const events = describeEvents(withdrawal, ended, { issuer: settings.issuer, now: time, clients })
    for (const [resource, { securityEvents }] of Object.entries(document.resources)) {
      if (securityEvents === undefined) continue
      for (const claims of events.claimsFor(resource)) await outbox.queue(resource, claims)
    }
    database.afterCommit(onQueued)
  }

  async function clientsOf(agent: string): Promise<readonly string[]> {
    const rows = await database.query<{ id: string }>('select id from clients where agent_id = $1 order by id', [agent])
    return rows.map(({ id }) => id)
  }

  return { withdraw }
}

const types: Readonly<Partial<Record<WithdrawalKind, AuditRecord['type']>>> = {
  consent: 'consent.withdrawn',
  grant: 'jit.revoked',
}

/** Whose grant or consent it was. */
interface Marked {
  readonly subject?: string | null
  readonly agent_id?: string
}

function recordOf({ kind, value, reason, by }: Withdrawal, ended: readonly EndedToken[], marked: Marked): AuditRecord {
  const [token, ...others] = ended
  const only = others.length === 0 ? token : undefined
  const transaction = kind === 'transaction' ? value : only?.transaction
  return {
    type: types[kind] ?? 'token.revoked',
    reason: { code: `${kind}_withdrawn` },
    change: { by, before: { status: 'in force' }, after: { status: 'withdrawn' } },
    ...party(kind, value, only, marked),
    ...(kind === 'token' ? { token: { jti: value } } : {}),
    ...(only === undefined ? {} : { resource: { aud: only.resource } }),
    ...(transaction === undefined || transaction === null ? {} : { txn: transaction }),
    detail: {
      kind,
      value,
      reason,
      count: ended.length,
      tokens: ended.slice(0, maxListed).map(({ tokenId }) => tokenId),
    },
  }
}

function party(
  kind: WithdrawalKind,
  value: string,
  token: EndedToken | undefined,
  { subject, agent_id: agent }: Marked,
): Pick<AuditRecord, 'subject' | 'actor' | 'client'> {
  if (kind === 'subject') return { subject: { id: value } }
  if (kind === 'agent') return { actor: { id: value } }
  if (kind === 'client') return { client: { id: value } }
  if (agent !== undefined)
    return { ...(typeof subject === 'string' ? { subject: { id: subject } } : {}), actor: { id: agent } }
  if (token === undefined) return {}
  return {
    subject: { id: token.subject },
    ...(token.agentId === null ? {} : { actor: { id: token.agentId } }),
    client: { id: token.clientId },
  }
}
