import type { AuditRecord } from './record.js'

/** Filters of a search; every one given must match. Times in seconds. */
export interface AuditFilter {
  readonly transaction?: string
  readonly subject?: string
  readonly actor?: string
  readonly resource?: string
  readonly tokenId?: string
  readonly decision?: 'allow' | 'deny' | 'error'
  readonly type?: string
  readonly from?: number
  readonly to?: number
}

/** An event as it was kept: the text that was hashed, parsed. */
export type StoredEvent = Readonly<Record<string, unknown>>

/** Append-only, one hash chain a process; checkpoints are signed. */
export interface AuditTrail {
  /**
   * Appends an event, in the transaction under way: what it tells of and the event are kept together or not at all.
   * Outside a transaction it opens one.
   */
  record(record: AuditRecord): Promise<void>
  /** Events in order of time, a page at a time. */
  search(
    filter: AuditFilter,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly next?: string }>
  /** Reads every chain and names the first record that was altered, is missing, or was cut off. */
  verify(): Promise<AuditVerification>
  /** Signs the end of this process's chain. Called by a timer and on close. */
  checkpoint(): Promise<void>
}

export interface AuditVerification {
  readonly intact: boolean
  readonly chains: readonly {
    readonly chain: string
    readonly events: number
    readonly checkpoints: number
    /** The first thing that is wrong. */
    readonly fault?: { readonly seq: number; readonly what: 'altered' | 'missing' | 'reordered' | 'truncated' | 'forged_checkpoint' }
  }[]
}
