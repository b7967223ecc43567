import type { AuditEvent, DroppedEvent } from '@behalf/core'

/**
 * Counts events that are lost. Whoever hands events over may count the same ones, from the rejections it got, and tell the
 * trail by itself: then either tells of them, and never both.
 */
export interface Losses {
  lose(event: AuditEvent): void
  /** What the trail should be told now, one event for each API; from here on it counts as told. */
  report(): readonly DroppedEvent[]
  /** Looks at a report of the caller's. Undefined when all of it was told. */
  reconcile(event: DroppedEvent): DroppedEvent | undefined
  /** Events that the trail was not told of. */
  readonly untold: number
  readonly total: number
}

interface Account {
  untold: number
  /** Told by this sink, not yet by the caller. */
  told: number
}

export function createLosses(): Losses {
  const accounts = new Map<string, Account>()
  const ownReports = new WeakSet<AuditEvent>()
  let total = 0

  function accountOf({ resource: { aud } }: AuditEvent): Account {
    const account = accounts.get(aud) ?? { untold: 0, told: 0 }
    accounts.set(aud, account)
    return account
  }

  return {
    lose(event) {
      const account = accountOf(event)
      const count = event.type === 'audit.dropped' ? event.dropped : 1
      account.untold += count
      if (ownReports.has(event)) account.told -= count
      else total += count
    },
    report() {
      const reports: DroppedEvent[] = []
      for (const [aud, account] of accounts) {
        if (account.untold === 0) continue
        const report = describeLoss(aud, account.untold)
        account.told += account.untold
        account.untold = 0
        ownReports.add(report)
        reports.push(report)
      }
      return reports
    },
    reconcile(event) {
      const account = accountOf(event)
      const known = Math.min(event.dropped, account.told)
      account.told -= known
      const dropped = event.dropped - known
      account.untold -= Math.min(dropped, account.untold)
      return dropped === 0 ? undefined : { ...event, dropped }
    },
    get untold() {
      return [...accounts.values()].reduce((sum, account) => sum + account.untold, 0)
    },
    get total() {
      return total
    },
  }
}

function describeLoss(aud: string, dropped: number): DroppedEvent {
  return {
    schema: 'delegation-audit/1',
    id: crypto.randomUUID(),
    time: new Date().toISOString(),
    type: 'audit.dropped',
    dropped,
    resource: { aud },
  }
}
