import type { WithdrawalKind } from './revocation.js'

/** What rests on something that is withdrawn, as conditions of SQL with the name of it as `$1`. */
export interface Basis {
  /** Locks the thing itself and returns a row where it is there: whose it is, where it says. None: there is no row of it. */
  readonly mark?: string
  /** Tokens, of table issued_tokens, that name it. */
  readonly tokens: string
  /** What the protocol engine keeps for it, of table protocol_entities. */
  readonly engine?: string
  /** Just-in-time grants that end with it. */
  readonly grants?: string
  /** Consents that end with it. */
  readonly consents?: string
}

/** Something in no key share: whoever issues a token on it meanwhile holds it, and is waited for. */
const lock = (table: string, columns = 'id'): string =>
  `select ${columns} from ${table} where id = $1 for no key update`

/** By kind. */
export const bases: Readonly<Record<WithdrawalKind, Basis>> = {
  token: {
    mark: 'select token_id from issued_tokens where token_id = $1 for no key update',
    tokens: 'token_id = $1',
    // a refresh token would bring a person's own token back at once
    engine: `grant_id in (
      select protocol_grant_id from issued_tokens where token_id = $1 and kind = 'subject' and protocol_grant_id is not null
    )`,
  },
  grant: {
    mark: lock('grants', 'subject, agent_id'),
    tokens: 'grant_id = $1',
    grants: 'id = $1',
  },
  consent: {
    mark: lock('consents', 'subject, agent_id'),
    tokens: 'subject = (select subject from consents where id = $1) and consents @> jsonb_build_array($1::text)',
    consents: 'id = $1',
  },
  agent: {
    mark: lock('agents'),
    tokens: 'agent_id = $1',
    engine: "content->>'clientId' in (select id from clients where agent_id = $1)",
    grants: 'agent_id = $1',
  },
  client: {
    mark: lock('clients'),
    tokens: 'client_id = $1',
    engine: "content->>'clientId' = $1",
  },
  session: {
    tokens: 'session_id = $1',
    engine: "(model = 'Session' and uid = $1) or content->>'sessionUid' = $1",
  },
  subject: {
    tokens: 'subject = $1',
    engine: "content->>'accountId' = $1",
    grants: 'subject = $1',
  },
  transaction: {
    tokens: 'transaction = $1',
    grants: 'transaction = $1',
    consents: 'transaction = $1',
  },
}
