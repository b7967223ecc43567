import type { AuditRecord } from '../audit/record.js'

type Recorded =
  | 'subject'
  | 'actor'
  | 'chain'
  | 'client'
  | 'mode'
  | 'token'
  | 'requested'
  | 'granted'
  | 'resource'
  | 'txn'
  | 'trace'
  | 'tool'
  | 'purpose'
  | 'assurance'

/** What is known of a request so far, for the event that tells how it ended. */
export type Findings = { -readonly [Member in Recorded]?: AuditRecord[Member] }
