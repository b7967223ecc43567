import type { DroppedEvent } from '@behalf/core'
import type { LossReport, SinkEvent } from './sink-event.js'

/**
 * Counts events that are lost. Whoever hands events over may count the same ones, from the rejections it got, and tell the
 * trail by itself: then either tells of them, and never both.
 */
export interface Losses {
  /** An event is lost; when it told of others, those are untold again. */
  lose(event: SinkEvent): void
  /** What the trail should be told now, one event for each API and client; from here on it counts as told. */
  report(): readonly LossReport[]
  /** Looks at a report of the caller's; what it tells counts as told. Undefined when all of it was told before. */
  reconcile(event: DroppedEvent): DroppedEvent | undefined
  /** Events that the trail was not told of. */
  readonly untold: number
  readonly total: number
}

/** The losses of one API, or of one agent's client there. */
interface Account {
  readonly aud: string
  readonly client: string | undefined
  untold: number
  /** Told by this sink, and not by the caller. */
  told: number
}

export function createLosses(): Losses {
  const accounts = new Map<string, Account>()
  /** What a report changed, to be changed back when it is lost itself. */
  const undo = new WeakMap<SinkEvent, () => void>()
  let total = 0

  function accountOf(event: SinkEvent): Account {
    const { aud } = event.resource
    const client = writerOf(event)
    const key = JSON.stringify([aud, client])
    const account = accounts.get(key) ?? { aud, client, untold: 0, told: 0 }
    accounts.set(key, account)
    return account
  }

  function move(account: Account, untold: number, told: number): () => void {
    account.untold += untold
    account.told += told
    return () => {
      account.untold -= untold
      account.told -= told
    }
  }

  return {
    lose(event) {
      const changeBack = undo.get(event)
      if (changeBack !== undefined) {
        undo.delete(event)
        changeBack()
        return
      }
      accountOf(event).untold += 1
      total += 1
    },
    report() {
      const reports: LossReport[] = []
      for (const account of accounts.values()) {
        const { untold } = account
        if (untold === 0) continue
        const report = describeLoss(account)
        undo.set(report, move(account, -untold, untold))
        reports.push(report)
      }
      return reports
    },
    reconcile(event) {
      const account = accountOf(event)
      const known = Math.max(0, Math.min(event.dropped, account.told))
      const dropped = event.dropped - known
      const changeBack = move(account, -Math.min(dropped, account.untold), -known)
      if (dropped === 0) return undefined
      const report = { ...event, dropped }
      undo.set(report, changeBack)
      return report
    },
    get untold() {
      return [...accounts.values()].reduce((sum, account) => sum + account.untold, 0)
    },
    get total() {
      return total
    },
  }
}

/** An agent's client writes for itself, an API for the API. */
function writerOf(event: SinkEvent): string | undefined {
  return event.type === 'access.decision' || event.type === 'audit.dropped' ? undefined : event.client.id
}

function describeLoss({ aud, client, untold: dropped }: Account): LossReport {
  return {
    schema: 'delegation-audit/1',
    id: crypto.randomUUID(),
    time: new Date().toISOString(),
    type: 'audit.dropped',
    dropped,
    ...(client !== undefined && { client: { id: client } }),
    resource: { aud },
  }
}
