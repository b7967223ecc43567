import type { Logger } from 'pino'
import type { Accounts } from './accounts/account.js'
import type { Agents } from './agents/agent.js'
import type { Approvals } from './approvals/approval.js'
import type { AuditTrail } from './audit/audit-trail.js'
import type { Clients } from './clients/client.js'
import type { Consents } from './consents/consent.js'
import type { Database } from './database/database.js'
import type { Grants } from './grants/grant.js'
import type { Secrets } from './keys/secrets.js'
import type { SigningKeys } from './keys/signing-key.js'
import type { PolicyStore } from './policy/policy-store.js'
import type { EventStreams } from './revocation/event-stream.js'
import type { Revocations } from './revocation/revocation.js'
import type { Settings } from './settings.js'
import type { Tokens } from './tokens/issued-token.js'

/** What every part of the server is given: the ground floor first. */
export interface Context {
  readonly settings: Settings
  readonly log: Logger
  /** Seconds since the epoch; the only clock. */
  readonly now: () => number
  readonly database: Database
  readonly secrets: Secrets
  readonly keys: SigningKeys
  readonly audit: AuditTrail
  readonly policy: PolicyStore
  readonly agents: Agents
  readonly clients: Clients
  readonly accounts: Accounts
  readonly tokens: Tokens
  readonly revocations: Revocations
  readonly streams: EventStreams
  readonly consents: Consents
  readonly grants: Grants
  readonly approvals: Approvals
}
