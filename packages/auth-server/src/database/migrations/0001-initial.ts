/** Every table of the server. Times are whole seconds since the epoch. */
export const initial = `
-- What the protocol engine keeps: sessions, codes, refresh tokens, grants, interactions. Identifiers are SHA-256 digests.
create table protocol_entities (
  model       text    not null,
  id          text    not null,
  content     jsonb   not null,
  grant_id    text,
  uid         text,
  user_code   text,
  consumed_at bigint,
  expires_at  bigint,
  primary key (model, id)
);
create index protocol_entities_grant on protocol_entities (grant_id) where grant_id is not null;
create index protocol_entities_uid on protocol_entities (model, uid) where uid is not null;
create index protocol_entities_client on protocol_entities ((content->>'clientId'));
create index protocol_entities_account on protocol_entities ((content->>'accountId'));
create index protocol_entities_session on protocol_entities ((content->>'sessionUid'));
create index protocol_entities_expiry on protocol_entities (expires_at) where expires_at is not null;

-- Who may act.
create table agents (
  id           text    primary key,
  name         text    not null,
  description  text    not null default '',
  owner        text    not null,
  status       text    not null check (status in ('active', 'suspended', 'retired')),
  roles        jsonb   not null default '[]',
  ceiling      jsonb,
  refusals     jsonb   not null default '[]',
  locked_until bigint,
  version      integer not null default 1,
  created_at   bigint  not null,
  updated_at   bigint  not null
);

-- OAuth clients: an agent's own, or an application that people sign in to (agent_id is null).
create table clients (
  id          text    primary key,
  agent_id    text    references agents (id),
  name        text    not null,
  metadata    jsonb   not null,
  status      text    not null default 'active' check (status in ('active', 'disabled')),
  version     integer not null default 1,
  created_at  bigint  not null,
  updated_at  bigint  not null
);
create index clients_agent on clients (agent_id);

-- At most two live ones a client, so that one can be rotated.
create table client_secrets (
  id          text   primary key,
  client_id   text   not null references clients (id),
  hash        text   not null,
  created_at  bigint not null,
  expires_at  bigint not null
);
create index client_secrets_client on client_secrets (client_id);

-- For whom: people who can sign in, and what they themselves may do.
create table accounts (
  subject       text    primary key,
  username      text    not null unique,
  password_hash text    not null,
  name          text    not null,
  status        text    not null default 'active' check (status in ('active', 'disabled')),
  permissions   jsonb   not null default '[]',
  version       integer not null default 1,
  created_at    bigint  not null,
  updated_at    bigint  not null
);

-- The policy document, every version of it.
create table policy_versions (
  version     integer primary key,
  document    jsonb   not null,
  digest      text    not null,
  created_by  text    not null,
  created_at  bigint  not null
);

-- Just-in-time grants: a window with an end and a number of uses.
create table grants (
  id            text    primary key,
  agent_id      text    not null references agents (id),
  subject       text,
  resource      text    not null,
  scope         jsonb   not null,
  details       jsonb,
  transaction   text,
  justification text    not null,
  status        text    not null check (status in ('requested', 'approved', 'denied', 'revoked', 'expired')),
  duration      integer not null,
  max_uses      integer,
  uses          integer not null default 0,
  requested_at  bigint  not null,
  decided_at    bigint,
  decided_by    text,
  not_before    bigint,
  expires_at    bigint
);
create index grants_agent on grants (agent_id, status);

-- What a person allowed an agent to do, one permission a row.
create table consents (
  id             text    primary key,
  subject        text    not null,
  agent_id       text    not null references agents (id),
  permission     text    not null,
  resource       text    not null,
  details_digest text    not null default '',
  mode           text    not null check (mode in ('once', 'per_task', 'each_time')),
  transaction    text,
  status         text    not null check (status in ('granted', 'used', 'withdrawn')),
  session_id     text,
  created_at     bigint  not null,
  expires_at     bigint,
  ended_at       bigint
);
create index consents_lookup on consents (subject, agent_id, permission) where status = 'granted';

-- What waits for a person: consents asked by an agent without a browser, just-in-time grants, unknown permissions.
create table approvals (
  id          text   primary key,
  kind        text   not null check (kind in ('consent', 'grant', 'permission')),
  agent_id    text   not null references agents (id),
  subject     text,
  request     jsonb  not null,
  status      text   not null check (status in ('pending', 'approved', 'denied', 'expired')),
  created_at  bigint not null,
  expires_at  bigint not null,
  decided_at  bigint,
  decided_by  text
);
create index approvals_pending on approvals (subject, status);
create unique index approvals_once on approvals (kind, agent_id, coalesce(subject, ''), md5(request::text)) where status = 'pending';

-- Every access token, so that it can be introspected, withdrawn, and its descendants with it.
create table issued_tokens (
  token_id     text    primary key,
  parent_id    text,
  kind         text    not null check (kind in ('subject', 'direct', 'delegated')),
  subject      text    not null,
  agent_id     text,
  client_id    text    not null,
  resource     text    not null,
  scope        jsonb   not null,
  transaction  text,
  session_id   text,
  grant_id     text,
  protocol_grant_id text,
  consents     jsonb   not null default '[]',
  claims       jsonb   not null,
  status_list  integer not null,
  status_index integer not null,
  issued_at    bigint  not null,
  expires_at   bigint  not null,
  revoked_at   bigint,
  unique (status_list, status_index)
);
create index issued_tokens_parent on issued_tokens (parent_id) where parent_id is not null;
create index issued_tokens_agent on issued_tokens (agent_id, expires_at);
create index issued_tokens_subject on issued_tokens (subject, expires_at);
create index issued_tokens_grant on issued_tokens (grant_id) where grant_id is not null;
create index issued_tokens_protocol_grant on issued_tokens (protocol_grant_id) where protocol_grant_id is not null;
create index issued_tokens_session on issued_tokens (session_id) where session_id is not null;
create index issued_tokens_transaction on issued_tokens (transaction) where transaction is not null;
create index issued_tokens_revoked on issued_tokens (status_list) where revoked_at is not null;
create index issued_tokens_expiry on issued_tokens (expires_at);
create sequence status_indexes;

-- Withdrawals that outlive a token: nothing of X issued at or before a moment counts.
create table revocations (
  id         bigserial primary key,
  kind       text   not null,
  value      text   not null,
  issuer     text   not null,
  before     bigint not null,
  reason     text   not null,
  created_at bigint not null,
  expires_at bigint not null
);
create index revocations_lookup on revocations (kind, value);

-- Security events on their way to the APIs, in order per receiver.
create table event_outbox (
  id           bigserial primary key,
  resource     text    not null,
  event_id     text    not null,
  content      text    not null,
  attempts     integer not null default 0,
  next_attempt bigint  not null,
  created_at   bigint  not null,
  delivered_at bigint
);
create index event_outbox_waiting on event_outbox (resource, id) where delivered_at is null;

-- Keys that sign tokens and checkpoints; the private part is a JWE.
create table signing_keys (
  key_id      text   primary key,
  purpose     text   not null check (purpose in ('token', 'checkpoint')),
  algorithm   text   not null,
  public_jwk  jsonb  not null,
  private_jwk text   not null,
  created_at  bigint not null,
  active_from bigint not null,
  active_until bigint,
  published_until bigint
);

-- Secrets of this server that are no signing keys (cookies, nonces, pages), encrypted the same way.
create table server_secrets (
  name       text   primary key,
  content    text   not null,
  created_at bigint not null
);

-- The trail: append-only, one hash chain a source.
create table audit_chains (
  chain text   primary key,
  seq   bigint not null,
  hash  text   not null
);
create table audit_events (
  chain          text   not null,
  seq            bigint not null,
  id             text   not null unique,
  time           bigint not null,
  type           text   not null,
  decision       text,
  reason         text,
  subject        text,
  actor          text,
  client         text,
  resource       text,
  transaction    text,
  token_id       text,
  event          text   not null,
  hash           text   not null,
  primary key (chain, seq)
);
create index audit_events_transaction on audit_events (transaction, time) where transaction is not null;
create index audit_events_subject on audit_events (subject, time) where subject is not null;
create index audit_events_actor on audit_events (actor, time) where actor is not null;
create index audit_events_resource on audit_events (resource, time) where resource is not null;
create index audit_events_decision on audit_events (decision, time) where decision is not null;
create index audit_events_token on audit_events (token_id) where token_id is not null;
create index audit_events_time on audit_events (time);
create table audit_checkpoints (
  chain      text   not null,
  seq        bigint not null,
  hash       text   not null,
  statement  text   not null,
  created_at bigint not null,
  primary key (chain, seq)
);

-- Answers of changing admin calls, so that a repeated call gets the first answer.
create table idempotent_answers (
  caller     text    not null,
  key        text    not null,
  request    text    not null,
  status     integer not null,
  headers    jsonb   not null,
  body       text    not null,
  created_at bigint  not null,
  primary key (caller, key)
);
`
