import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDelegationClient, type DelegationClient, type DelegationClientOptions, keyFrom } from '@behalf/agent'
import { type AuditEvent, createRevocationList, type RevocationList } from '@behalf/core'
import { createGuard, getAuth } from '@behalf/express'
import express from 'express'
import { exportJWK, generateKeyPair } from 'jose'
import { type RunningAuthServer, startAuthServer } from '../auth-server/support/server.js'

export const billing = 'https://billing.example.com'
const scope = ['billing:read', 'billing:once']
const tools = ['read_plan', 'read_again', 'read_other', 'ask_first']

/** The auth server, an API that takes its tokens, and a client of an agent: all over sockets. */
export interface Scene {
  readonly server: RunningAuthServer
  readonly api: string
  readonly revocations: RevocationList
  /** A client that shares nothing with another. */
  createClient(options?: Partial<DelegationClientOptions>): DelegationClient
  /** The token of somebody who signed in. */
  personToken(subject: string): Promise<string>
  /** Calls of the API, and requests for tokens, since the last time it was asked. */
  counts(): Promise<{ readonly calls: number; readonly tokens: number }>
  close(): Promise<void>
}

/** @param audit - told of what the API decides */
export async function createScene(audit: (event: AuditEvent) => void = () => {}): Promise<Scene> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const key = keyFrom(await exportJWK(privateKey))
  const server = await startAuthServer({ seed: seedWith(await exportJWK(publicKey)) })
  const { context, issuer } = server

  let calls = 0
  const app = express()
  const http = createServer(app).listen(0, '127.0.0.1')
  await once(http, 'listening')
  // what listens on a port has an AddressInfo
  const api = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const revocations = createRevocationList()
  const { protect } = createGuard({
    issuer,
    audience: billing,
    resource: api,
    dpop: { mode: 'required', nonce: { secret: 'a secret of at least thirty-two bytes' } },
    revocation: revocations,
    audit,
  })
  app.use((_req, _res, next) => {
    calls += 1
    next()
  })
  const answer: express.RequestHandler = (req, res) => {
    const { subject, actor, scopes } = getAuth(req)
    res.json({ subject, actor: actor?.subject ?? null, scopes })
  }
  app.all('/plan', protect({ scope: 'billing:read' }), answer)
  app.get('/other', protect({ scope: 'billing:other' }), answer)
  app.get('/careful', protect({ scope: 'billing:read', acr: 'urn:behalf:acr:key' }), answer)

  let counted = 0
  return {
    server,
    api,
    revocations,
    createClient: (options) => createDelegationClient({ serverUrl: issuer, clientId: 'support-app', key, ...options }),
    personToken: async (subject) => {
      const now = Math.floor(Date.now() / 1000)
      const { token } = await context.tokens.issue({
        parentId: null,
        kind: 'subject',
        subject,
        agentId: null,
        clientId: 'support-app',
        resource: issuer,
        scope: [...scope, 'billing:unheard-of'], // which the policy does not know
        transaction: null,
        sessionId: `session of ${subject}`,
        grantId: null,
        protocolGrantId: null,
        consents: [],
        expiresAt: now + 600,
        claims: { sub_profile: 'user', auth_time: now, acr: 'urn:behalf:acr:password', amr: ['pwd'] },
      })
      return token
    },
    counts: async () => {
      const { events } = await context.audit.search({ client: 'support-app' }, { limit: 1000 })
      const requests = events.filter((event) => !('received' in event)).length // what others sent is not its own
      const result = { calls, tokens: requests - counted }
      counted = requests
      calls = 0
      return result
    },
    close: async () => {
      http.closeAllConnections()
      http.close()
      await server.close()
    },
  }
}

function seedWith(publicKey: object) {
  const permission = (consent: 'none' | 'once') =>
    ({ resource: billing, words: 'Read bills', risk: 'low', consent }) as const
  return {
    policy: {
      schema: 'behalf-policy/1',
      resources: { [billing]: { name: 'Billing', tokenLifetime: 300 } },
      permissions: {
        'billing:read': permission('none'),
        'billing:once': permission('once'),
        'billing:tools': { ...permission('none'), tools }, // names them, for the others
      },
      roles: { support: { permissions: [...scope, 'audit:write'] } },
      rules: [],
      unknownPermission: 'pending',
    },
    agents: [{ id: 'agent:support', name: 'Support', owner: 'team', roles: ['support'] }],
    clients: [
      {
        id: 'support-app',
        name: 'Support',
        agent: 'agent:support',
        metadata: {
          token_endpoint_auth_method: 'private_key_jwt',
          grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
          redirect_uris: [],
          jwks: { keys: [publicKey] },
        },
      },
    ],
    accounts: ['ada', 'bob'].map((name) => ({
      subject: name,
      username: name,
      name,
      password: 'a good password',
      permissions: scope,
    })),
  } as const
}
