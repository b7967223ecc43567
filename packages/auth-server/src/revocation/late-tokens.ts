import type { Context } from '../context.js'
import { bases } from './basis.js'
import { endTokens } from './ended-token.js'
import type { Outbox } from './outbox.js'
import { type WithdrawalKind, withdrawalKinds } from './revocation.js'
import { describeEvents } from './security-event.js'

/** Seconds for which a withdrawal is looked after: longer than the database lets a transaction be idle. */
const watchedFor = 60

/** Whether a withdrawal `r` still has a token that was issued at or before it. */
const concerned = withdrawalKinds
  .map((kind) => {
    const condition = bases[kind].tokens.replaceAll('$1', 'r.value')
    return `r.kind = '${kind}' and exists (
      select 1 from issued_tokens
      where ${condition} and revoked_at is null and issued_at <= r.before and expires_at > $2)`
  })
  .join(' or ')

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
    `select r.kind, r.value, max(r.before) as before from revocations r
     where r.created_at > $1 and (${concerned}) group by r.kind, r.value`,
    [now - watchedFor, now],
  )
  for (const { kind, value, before } of watched) {
    if (!isKind(kind)) continue
    await database.transaction(async () => {
      const ended = await endTokens(
        database,
        `(${bases[kind].tokens}) and issued_at <= ${Math.floor(before)}`,
        value,
        now,
      )
      if (ended.length === 0) return // another process was faster
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
