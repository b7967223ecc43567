import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { type AuthServer, type AuthServerOptions, createAuthServer } from '@behalf/auth-server'
import { listen } from '../http/listen.js'
import { type Ready, resource, type Setup, scope, type TokenRequest, tokenRequest } from './contender.js'
import { createDatabase, fill } from './store.js'

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** Agents that ask in turn, and people they ask for. */
const askers = 100
const people = 10

/** Seconds: longer than a benchmark runs. */
const day = 86_400

type Seed = NonNullable<AuthServerOptions['seed']>

const permissions = [scope]

const seed: Seed = {
  policy: {
    schema: 'behalf-policy/1',
    resources: { [resource]: { name: 'Billing' } },
    permissions: {
      [scope]: { resource, words: 'Read your charges', risk: 'low', consent: 'none', tools: ['get_bill'] },
    },
    roles: { support: { permissions } },
    rules: [],
  },
  agents: [{ id: 'agent:a0', name: 'a0', owner: 'team', roles: ['support'] }],
  clients: [
    {
      id: 'client-a0',
      name: 'a0',
      agent: 'agent:a0',
      metadata: {
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['client_credentials', exchange],
        redirect_uris: [],
      },
    },
  ],
  accounts: Array.from({ length: people }, (_, n) => ({
    ...{ subject: `user_${n}`, username: `user${n}`, name: `User ${n}`, password: 'a good password' },
    permissions,
  })),
}

/** The auth server, with everything it does for a token: policy, record, trail. Resolves with what stops it, too. */
export async function startBehalf({
  what,
  embedded = false,
  agents = 10,
  events = 0,
}: Setup): Promise<Ready & { readonly stop: () => Promise<void> }> {
  let server: AuthServer | undefined
  const http = createServer((request, response) => server?.handler(request, response))
  const port = await listen(http)
  const database = embedded ? undefined : await createDatabase()
  server = await createAuthServer({
    issuer: `http://127.0.0.1:${port}`,
    database: database?.url ?? 'memory',
    encryptionKey: randomBytes(32).toString('base64url'),
    rateLimits: { token: 1_000_000_000 },
    seed,
  })
  const { context, close } = server
  const { secret } = await context.clients.addSecret('client-a0', day)
  await fill(context.database, { agents, events })
  const requests =
    what === 'exchange' ? await exchanges(server, secret, agents) : ownTokens(secret, Math.min(agents, askers))
  return {
    port,
    requests,
    stop: async () => {
      http.closeAllConnections()
      http.close()
      await close()
      await database?.drop()
    },
  }
}

function ownTokens(secret: string, count: number): readonly TokenRequest[] {
  const fields = { grant_type: 'client_credentials', resource, scope, tool: 'get_bill' }
  return Array.from({ length: count }, (_, n) => tokenRequest(`client-a${n}`, secret, fields))
}

async function exchanges({ context, issuer }: AuthServer, secret: string, agents: number): Promise<TokenRequest[]> {
  const tokens: string[] = []
  for (let n = 0; n < people; n++) {
    const { token } = await context.tokens.issue({
      ...{ parentId: null, kind: 'subject', subject: `user_${n}`, agentId: null, clientId: 'app', resource: issuer },
      ...{ scope: permissions, transaction: null, sessionId: `session-${n}`, grantId: null, protocolGrantId: null },
      ...{ consents: [], expiresAt: Math.floor(context.now()) + day, claims: { sub_profile: 'user' } },
    })
    tokens.push(token)
  }
  return Array.from({ length: Math.min(agents, askers) }, (_, n) =>
    tokenRequest(`client-a${n}`, secret, {
      ...{ grant_type: exchange, resource, scope, tool: 'get_bill', subject_token: tokens[n % people] ?? '' },
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    }),
  )
}
