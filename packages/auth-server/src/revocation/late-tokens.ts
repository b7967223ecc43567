import type { Context } from '../context.js'
import { bases } from './basis.js'
import { endTokens } from './ended-token.js'
import type { Outbox } from './outbox.js'
import { type WithdrawalKind, withdrawalKinds } from './revocation.js'
import { describeEvents } from './security-event.js'

/** Seconds for which a withdrawal is looked after: longer than the database lets a transaction be idle. */
const watchedFor = 60

/**
 * Ends tokens that a transaction under way during a withdrawal kept out of its sight: issued at or before it, committed
 * after it. Whoever issues a token holds what it rests on where that is a row; a person's sign-in and a task are none.
 *
 * @param now - whole seconds since the epoch
 */
export async function endLateTokens(
  { database, policy, settings, audit }: Pick<Context, 'database' | 'policy' | 'settings' | 'audit'>,
  outbox: Outbox,
  now: number,
): Promise<void> {
  const watched = await database.query<{ kind: string; value: string; before: number }>(
    'select kind, value, max(before) as before from revocations where created_at > $1 group by kind, value',
    [now - watchedFor],
  )
  for (const { kind, value, before } of watched) {
    if (!isKind(kind)) continue
    const late = await database.query(
      `select 1 from issued_tokens where (${bases[kind].tokens}) and revoked_at is null and issued_at <= $2 and expires_at > $3 limit 1`,
      [value, before, now],
    )
    if (late.length === 0) continue
    await database.transaction(async () => {
      const ended = await endTokens(
        database,
        `(${bases[kind].tokens}) and issued_at <= ${Math.floor(before)}`,
        value,
        now,
      )
      const withdrawal = { kind: 'token', value, reason: 'issued while it was withdrawn', by: 'policy' } as const
      const events = describeEvents(withdrawal, ended, { issuer: settings.issuer, now, clients: [] })
      const { document } = await policy.current()
      for (const [resource, { securityEvents }] of Object.entries(document.resources)) {
        if (securityEvents === undefined) continue
        for (const claims of events.claimsFor(resource)) await outbox.queue(resource, claims)
      }
      await audit.record({
        type: 'token.revoked',
        reason: { code: `${kind}_withdrawn` },
        change: { by: 'policy' },
        detail: { kind, value, reason: withdrawal.reason, tokens: ended.map(({ tokenId }) => tokenId) },
      })
    })
  }
}

function isKind(kind: string): kind is WithdrawalKind {
  return withdrawalKinds.some((known) => known === kind)
}
