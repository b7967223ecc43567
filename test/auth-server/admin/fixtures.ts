import { type Admin, billing, call, policy, received } from './support.js'

/** How a route is called so that it succeeds. */
export interface Fixture {
  readonly path?: string
  readonly body?: unknown
  readonly type?: string
  /** What is read first, for its ETag. */
  readonly match?: string
}

let count = 0
const fresh = (name: string): string => {
  count += 1
  return `${name}-${count}`
}

const secretClient = {
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['client_credentials'],
  redirect_uris: [],
} as const

const publicKey = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }

async function agent({ context }: Admin): Promise<string> {
  const { id } = await context.agents.create({ id: `agent:${fresh('a')}`, name: 'Agent', owner: 'team' })
  return id
}

async function client({ context }: Admin): Promise<string> {
  const { id } = await context.clients.create({
    id: fresh('client'),
    name: 'Client',
    agentId: null,
    metadata: secretClient,
  })
  return id
}

async function account({ context }: Admin): Promise<string> {
  const subject = fresh('usr')
  await context.accounts.create({
    subject,
    username: subject,
    name: 'Person',
    password: 'correct horse',
    permissions: [],
  })
  return subject
}

async function grant({ context }: Admin): Promise<string> {
  const { id } = await context.grants.request({
    agentId: 'agent:support',
    subject: 'usr_ben',
    resource: billing,
    scope: ['billing:refund'],
    justification: fresh('because'),
    duration: 60,
    maxUses: 1,
    transaction: null,
  })
  return id
}

async function consent({ context }: Admin): Promise<string> {
  const { id } = await context.consents.grant({
    subject: 'usr_ben',
    agentId: 'agent:support',
    permission: 'billing:refund',
    resource: billing,
    detailsDigest: fresh('digest'),
    mode: 'once',
    transaction: null,
    sessionId: null,
    expiresAt: null,
  })
  return id
}

async function approval({ context }: Admin): Promise<string> {
  const { id } = await context.approvals.ask({
    kind: 'permission',
    agentId: 'agent:support',
    subject: null,
    request: { resource: billing, scope: [fresh('billing:other')] },
  })
  return id
}

export async function issueToken(
  { context }: Pick<Admin, 'context'>,
  transaction: string | null = null,
): Promise<string> {
  const { record } = await context.tokens.issue({
    parentId: null,
    kind: 'subject',
    subject: 'usr_ben',
    agentId: null,
    clientId: 'console',
    resource: billing,
    scope: ['billing:read'],
    transaction,
    sessionId: 'ses_ben',
    grantId: null,
    protocolGrantId: null,
    consents: [],
    expiresAt: Math.floor(context.now()) + 60,
    claims: {},
  })
  return record.tokenId
}

async function session({ context }: Admin): Promise<string> {
  const uid = fresh('ses')
  const content = { accountId: 'usr_ben', loginTs: 1, jti: 'cookie-value', authorizations: { console: { sid: 'x' } } }
  await context.database.query(
    `insert into protocol_entities (model, id, content, uid, expires_at) values ('Session', $1, $2, $1, $3)`,
    [uid, JSON.stringify(content), Math.floor(context.now()) + 60],
  )
  return uid
}

const question = { agentId: 'agent:support', resource: billing, scope: ['billing:read'], tool: 'get_bill' }

const at = (path: string, match = path): Fixture => ({ path, match })

/** One for each route, by name: a test says that none is missing. */
export const fixtures: Readonly<Record<string, (admin: Admin) => Fixture | Promise<Fixture>>> = {
  listAgents: () => ({}),
  registerAgent: () => ({ body: { id: `agent:${fresh('new')}`, name: 'New', owner: 'team' } }),
  readAgent: async (admin) => at(`/agents/${await agent(admin)}`),
  changeAgent: async (admin) => ({ ...at(`/agents/${await agent(admin)}`), body: { name: 'Another' } }),
  changeAgentAuthority: async (admin) => {
    const id = await agent(admin)
    return { ...at(`/agents/${id}/authority`, `/agents/${id}`), body: { roles: ['support'] } }
  },
  unlockAgent: async (admin) => {
    const id = await agent(admin)
    return at(`/agents/${id}/unlock`, `/agents/${id}`)
  },
  listClients: () => ({}),
  registerClient: () => ({ body: { id: fresh('new'), name: 'New', metadata: secretClient } }),
  readClient: async (admin) => at(`/clients/${await client(admin)}`),
  changeClient: async (admin) => ({ ...at(`/clients/${await client(admin)}`), body: { status: 'disabled' } }),
  replaceClientMetadata: async (admin) => {
    const id = await client(admin)
    return {
      ...at(`/clients/${id}/metadata`, `/clients/${id}`),
      body: { ...secretClient, dpop_bound_access_tokens: true },
    }
  },
  replaceClientKeys: async (admin) => {
    const { id } = await admin.context.clients.create({
      id: fresh('client'),
      name: 'Client',
      agentId: null,
      metadata: { ...secretClient, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicKey] } },
    })
    return { ...at(`/clients/${id}/keys`, `/clients/${id}`), body: { keys: [publicKey] } }
  },
  listClientSecrets: async (admin) => ({ path: `/clients/${await client(admin)}/secrets` }),
  addClientSecret: async (admin) => ({ path: `/clients/${await client(admin)}/secrets`, body: { lifetime: 3600 } }),
  removeClientSecret: async (admin) => {
    const id = await client(admin)
    const secret = await admin.context.clients.addSecret(id, 3600)
    return { path: `/clients/${id}/secrets/${secret.id}` }
  },
  listAccounts: () => ({}),
  registerAccount: () => ({
    body: { subject: fresh('usr'), username: fresh('name'), name: 'New', password: 'correct horse' },
  }),
  readAccount: async (admin) => at(`/accounts/${await account(admin)}`),
  changeAccount: async (admin) => ({ ...at(`/accounts/${await account(admin)}`), body: { name: 'Other' } }),
  replaceAccountPermissions: async (admin) => {
    const id = await account(admin)
    return { ...at(`/accounts/${id}/permissions`, `/accounts/${id}`), body: { permissions: ['billing:read'] } }
  },
  replaceAccountPassword: async (admin) => {
    const id = await account(admin)
    return { ...at(`/accounts/${id}/password`, `/accounts/${id}`), body: { password: 'battery staple' } }
  },
  readPolicy: () => at('/policy'),
  replacePolicy: () => ({ ...at('/policy'), body: withRole(fresh('role')) }),
  listPolicyVersions: () => ({}),
  readPolicyVersion: () => at('/policy/versions/1'),
  readResources: () => at('/policy/resources'),
  changeResources: () => ({
    ...at('/policy/resources'),
    body: { [`https://${fresh('api')}.example.com`]: { name: 'API' } },
  }),
  readPermissions: () => at('/policy/permissions'),
  changePermissions: () => ({
    ...at('/policy/permissions'),
    body: { [`billing:${fresh('p')}`]: { resource: billing, words: 'Do', risk: 'low', consent: 'none' } },
  }),
  readRoles: () => at('/policy/roles'),
  changeRoles: () => ({ ...at('/policy/roles'), body: { [fresh('role')]: { permissions: ['billing:read'] } } }),
  readRules: () => at('/policy/rules'),
  changeRules: () => ({
    ...at('/policy/rules'),
    body: { [fresh('rule')]: { effect: 'deny', when: { permissions: ['billing:refund'], weekdays: [7] } } },
  }),
  explain: () => ({ body: question }),
  dryRun: () => ({ body: { document: withRole(fresh('role')), questions: [question] } }),
  lintPolicy: () => ({ body: {} }),
  readPolicyFile: () => at('/policy.yaml'),
  replacePolicyFile: () => ({
    ...at('/policy.yaml'),
    type: 'application/yaml',
    // JSON is YAML too
    body: JSON.stringify(withRole(fresh('role'))),
  }),
  dryRunPolicyFile: () => ({ type: 'application/yaml', body: JSON.stringify(withRole(fresh('role'))) }),
  listGrants: () => ({}),
  requestGrant: () => ({
    body: { agentId: 'agent:support', resource: billing, scope: ['billing:refund'], justification: fresh('because') },
  }),
  readGrant: async (admin) => at(`/grants/${await grant(admin)}`),
  approveGrant: async (admin) => {
    const id = await grant(admin)
    return at(`/grants/${id}/approve`, `/grants/${id}`)
  },
  denyGrant: async (admin) => {
    const id = await grant(admin)
    return at(`/grants/${id}/deny`, `/grants/${id}`)
  },
  revokeGrant: async (admin) => {
    const id = await grant(admin)
    return at(`/grants/${id}/revoke`, `/grants/${id}`)
  },
  listConsents: () => ({}),
  readConsent: async (admin) => at(`/consents/${await consent(admin)}`),
  withdrawConsent: async (admin) => {
    const id = await consent(admin)
    return at(`/consents/${id}/withdraw`, `/consents/${id}`)
  },
  listApprovals: () => ({}),
  readApproval: async (admin) => at(`/approvals/${await approval(admin)}`),
  approveItem: async (admin) => {
    const id = await approval(admin)
    return at(`/approvals/${id}/approve`, `/approvals/${id}`)
  },
  denyItem: async (admin) => {
    const id = await approval(admin)
    return at(`/approvals/${id}/deny`, `/approvals/${id}`)
  },
  exportEvents: () => ({}),
  readPastAuthority: () => ({ path: '/audit/authority?at=1' }),
  listKeys: () => ({}),
  rotateKey: () => ({}),
  replaceKeyNow: () => ({ body: { purpose: 'checkpoint' } }),
  listTokens: () => ({}),
  readToken: async (admin) => at(`/tokens/${await issueToken(admin)}`),
  revokeToken: async (admin) => {
    const id = await issueToken(admin)
    return { ...at(`/tokens/${id}/revoke`, `/tokens/${id}`), body: { reason: 'leaked' } }
  },
  withdraw: async (admin) => ({ body: { kind: 'token', value: await issueToken(admin), reason: 'leaked' } }),
  listEventStreams: () => ({}),
  verifyEventStream: () => ({ body: { resource: received, state: 'a try' } }),
  listSessions: () => ({}),
  readSession: async (admin) => at(`/sessions/${await session(admin)}`),
  endSession: async (admin) => ({ path: `/sessions/${await session(admin)}/end` }),
  searchEvents: () => ({}),
  verifyTrail: () => ({}),
  readTask: async (admin) => {
    const transaction = fresh('task')
    await issueToken(admin, transaction)
    return { path: `/audit/tasks/${transaction}` }
  },
}

export function withRole(name: string): unknown {
  return { ...policy, roles: { ...policy.roles, [name]: { permissions: ['billing:read'] } } }
}

/** The ETag that a change of this fixture needs. */
export async function tagFor(
  admin: Admin,
  token: string,
  { match }: Fixture,
): Promise<Readonly<Record<string, string>>> {
  if (match === undefined) return {}
  const reply = await call(admin, 'GET', match, { token })
  const tag = reply.headers.get('etag')
  return tag === null ? {} : { 'if-match': tag }
}
