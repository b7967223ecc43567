import type { Context } from './context.js'

/** Milliseconds between two sweeps. */
const period = 60_000

/** Any number, the same in every process: only one sweeps at a time. */
const lock = 7_261_096

/** Seconds that an expired row is kept: longer than any clock is wrong. */
const grace = 600

/** Seconds that what a person decided is kept once it is over: 30 days. The trail keeps it for ever. */
export const decidedKept = 2_592_000

/** Seconds that the answer to a repeated admin call is kept. */
const answersKept = 86_400

/** Removes what has expired, now and then. The trail is never swept. */
export function startSweeping({ database, now, log, grants, approvals }: Context): { stop(): void } {
  async function sweep(): Promise<void> {
    await database.transaction(async () => {
      const [held] = await database.query<{ held: boolean }>('select pg_try_advisory_xact_lock($1) as held', [lock])
      if (held?.held !== true) return
      const before = now() - grace
      await database.query('delete from protocol_entities where expires_at < $1', [before])
      await database.query('delete from issued_tokens where expires_at < $1', [before])
      await database.query('delete from revocations where expires_at < $1', [before])
      await database.query('delete from event_outbox where delivered_at < $1', [before])
      await grants.expire()
      await approvals.expire()
      const over = now() - decidedKept
      await database.query("delete from approvals where status <> 'pending' and expires_at < $1", [over])
      await database.query(
        "delete from grants where status in ('denied', 'revoked', 'expired') and coalesce(expires_at, decided_at, requested_at) < $1",
        [over],
      )
      await database.query("delete from consents where status in ('used', 'withdrawn') and ended_at < $1", [over])
      await database.query('delete from consents where expires_at < $1', [over])
      await database.query('delete from idempotent_answers where created_at < $1', [now() - answersKept])
    })
  }
  const timer = setInterval(() => {
    sweep().catch((error: unknown) => log.warn({ err: error }, 'expired rows stay for now'))
  }, period)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
