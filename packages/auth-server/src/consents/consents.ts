import { randomBytes } from 'node:crypto'
import type { Context } from '../context.js'
import { first, json } from '../database/database.js'
import { InvalidInputError } from '../errors.js'
import type { Consent, ConsentNeed, Consents } from './consent.js'
import { type ConsentRow, consentColumns, toConsent } from './consent-row.js'

/** The consents of the server, in its database. */
export function createConsents({ database, audit, now }: Pick<Context, 'database' | 'audit' | 'now'>): Consents {
  async function grant(given: Parameters<Consents['grant']>[0]): Promise<Consent> {
    const transaction = given.mode === 'once' ? null : given.transaction
    if (given.mode === 'per_task' && transaction === null) {
      throw new InvalidInputError('transaction: a consent for one task names the task')
    }
    return database.transaction(async () => {
      const row = (await renew({ ...given, transaction })) ?? (await insert({ ...given, transaction }))
      const consent = toConsent(row)
      await audit.record({ type: 'consent.granted', decision: 'allow', ...described(consent) })
      return consent
    })
  }

  /** What is in force already lasts longer: so that there is one to withdraw, and not an earlier one beside it. */
  async function renew(given: Parameters<Consents['grant']>[0]): Promise<ConsentRow | undefined> {
    if (given.mode === 'each_time') return undefined
    const key = [
      given.subject,
      given.agentId,
      given.permission,
      given.resource,
      given.detailsDigest,
      given.mode,
      given.transaction,
    ]
    await database.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [json(key)])
    const rows = await database.query<ConsentRow>(
      `update consents set expires_at = $8, session_id = $9
       where status = 'granted' and subject = $1 and agent_id = $2 and permission = $3 and resource = $4
         and details_digest = $5 and mode = $6 and transaction is not distinct from $7::text
         and (expires_at is null or expires_at > $10)
       returning ${consentColumns}`,
      [...key, given.expiresAt, given.sessionId, now()],
    )
    return first(rows)
  }

  async function insert(given: Parameters<Consents['grant']>[0]): Promise<ConsentRow | undefined> {
    return first(
      await database.query<ConsentRow>(
        `insert into consents (id, subject, agent_id, permission, resource, details_digest, mode, transaction, status,
           session_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'granted', $9, $10, $11) returning ${consentColumns}`,
        [
          `con_${randomBytes(16).toString('base64url')}`,
          given.subject,
          given.agentId,
          given.permission,
          given.resource,
          given.detailsDigest,
          given.mode,
          given.transaction,
          given.sessionId,
          now(),
          given.expiresAt,
        ],
      ),
    )
  }

  /** Locks the oldest consent that meets the need, so that no one else uses it or takes it back before this transaction ends. */
  async function lock(need: ConsentNeed, taken: readonly string[]): Promise<Consent | undefined> {
    const rows = await database.query<ConsentRow>(
      `select ${consentColumns} from consents
       where status = 'granted' and subject = $1 and agent_id = $2 and permission = $3 and resource = $4
         and details_digest = $5 and mode = $6 and (transaction = $7 or (transaction is null and mode <> 'per_task'))
         and (expires_at is null or expires_at > $8) and id not in (select jsonb_array_elements_text($9::jsonb))
       order by created_at, id limit 1 for ${need.mode === 'each_time' ? 'update' : 'share'}`,
      [
        need.subject,
        need.agentId,
        need.permission,
        need.resource,
        need.detailsDigest,
        need.mode,
        need.transaction,
        now(),
        json(taken),
      ],
    )
    const row = first(rows)
    return row && toConsent(row)
  }

  async function useUp(consent: Consent): Promise<Consent> {
    const [row] = await database.query<ConsentRow>(
      `update consents set status = 'used', ended_at = $2 where id = $1 returning ${consentColumns}`,
      [consent.id, now()],
    )
    await audit.record({ type: 'consent.used', decision: 'allow', ...described(consent) })
    return toConsent(row)
  }

  async function use(needs: readonly ConsentNeed[]): Promise<readonly Consent[] | undefined> {
    return database.transaction(async () => {
      // All are locked before one is used up: a missing one leaves the others as they were. One order, so no deadlock.
      const found: Consent[] = []
      for (const need of needs.toSorted(byKey)) {
        const consent = await lock(need, need.mode === 'each_time' ? found.map(({ id }) => id) : [])
        if (consent === undefined) return undefined
        found.push(consent)
      }
      const used: Consent[] = []
      for (const consent of found) used.push(consent.mode === 'each_time' ? await useUp(consent) : consent)
      return used
    })
  }

  async function find(id: string): Promise<Consent | undefined> {
    const rows = await database.query<ConsentRow>(`select ${consentColumns} from consents where id = $1`, [id])
    const row = first(rows)
    return row && toConsent(row)
  }

  async function list(filter: Parameters<Consents['list']>[0]): Promise<readonly Consent[]> {
    const rows = await database.query<ConsentRow>(
      `select ${consentColumns} from consents
       where ($1::text is null or subject = $1) and ($2::text is null or agent_id = $2) and ($3::text is null or status = $3)
         and ($4::text is null or (created_at, id) < (select created_at, id from consents where id = $4))
       order by created_at desc, id desc limit $5`,
      [filter.subject ?? null, filter.agentId ?? null, filter.status ?? null, filter.after ?? null, filter.limit],
    )
    return rows.map(toConsent)
  }

  return { grant, use, find, list }
}

function byKey(a: ConsentNeed, b: ConsentNeed): number {
  const [left, right] = [a, b].map((need) => json([need.permission, need.resource, need.detailsDigest, need.mode]))
  return (left ?? '') < (right ?? '') ? -1 : 1
}

function described(consent: Consent) {
  return {
    subject: { id: consent.subject },
    actor: { id: consent.agentId, profile: 'ai_agent' },
    granted: { scope: [consent.permission] },
    resource: { aud: consent.resource },
    ...(consent.transaction === null ? {} : { txn: consent.transaction }),
    detail: { consent_id: consent.id, mode: consent.mode, expires_at: consent.expiresAt },
  }
}
