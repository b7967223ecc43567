import { once } from 'node:events'
import { createServer } from 'node:http'
import { createDelegationClient, type DelegationClient } from '@behalf/agent'
import { type AuthServer, createAuthServer } from '@behalf/auth-server'
import { type AuditTrail, createAuditTrail, type Service, startService } from '@behalf/example-harness'
import { exportJWK, generateKeyPair } from 'jose'
import { type ApiName, type Apis, names, resourceOf } from './apis.js'
import { clientId, createWorld, scopes } from './world.js'

/** An auth server, four APIs in processes of their own, and the agent's client. */
export interface Stage {
  readonly issuer: string
  readonly context: AuthServer['context']
  readonly apis: Apis
  readonly client: DelegationClient
  /** What the APIs recorded. */
  readonly trail: AuditTrail
  /** The token of a person, as a sign-in at the agent's application brings it. */
  tokenOf(subject: string): Promise<string>
  close(): Promise<void>
}

/** @param send - how the agent's client sends its requests */
export async function createStage(send: typeof fetch = fetch): Promise<Stage> {
  let server: AuthServer | undefined
  const http = createServer((request, response) => {
    if (server === undefined) response.writeHead(503).end()
    else server.handler(request, response)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  if (typeof address !== 'object' || address === null) throw new Error('the auth server has no port')
  const issuer = `http://127.0.0.1:${address.port}`

  const trail = createAuditTrail()
  const started = await Promise.all(names.map((name) => startApi(name, issuer, trail)))
  const services = new Map(names.map((name, index) => [name, started[index]]))
  const urlOf = (name: ApiName): string => services.get(name)?.url ?? ''

  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const seed = createWorld(await exportJWK(publicKey), (name) => `${urlOf(name)}/events`)
  server = await createAuthServer({ issuer, seed })
  const { context, close } = server
  await Promise.all(names.map((name) => fetch(`${urlOf(name)}/ready`)))
  const apiOf = (name: ApiName) => ({ url: urlOf(name), resource: resourceOf(name) })

  return {
    issuer,
    context,
    trail,
    apis: { billing: apiOf('billing'), users: apiOf('users'), orders: apiOf('orders'), refunds: apiOf('refunds') },
    // Tokens bound to a key of the agent are the default. These are not: the APIs are not at the addresses they are named after,
    // with which proofs are compared.
    client: createDelegationClient({
      serverUrl: issuer,
      clientId,
      key: () => ({ privateKey }),
      dpop: false,
      fetch: send,
    }),
    tokenOf: async (subject) => {
      const now = context.now()
      const { token } = await context.tokens.issue({
        parentId: null,
        kind: 'subject',
        subject,
        agentId: null,
        clientId,
        resource: issuer,
        scope: scopes,
        transaction: null,
        sessionId: `session-of-${subject}`,
        grantId: null,
        protocolGrantId: null,
        consents: [],
        expiresAt: now + 600,
        claims: { sub_profile: 'user', auth_time: now, acr: 'urn:behalf:acr:password', amr: ['pwd'] },
      })
      return token
    },
    async close() {
      await Promise.all(started.map((service) => service.stop()))
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
      await close()
    },
  }
}

function startApi(name: ApiName, issuer: string, trail: AuditTrail): Promise<Service> {
  return startService({
    name: `${name}-api`,
    entry: import.meta.resolve(`@behalf/example-${name}-api`),
    env: { ISSUER: issuer, AUDIENCE: resourceOf(name), HOST: '127.0.0.1', PORT: '0' },
    onLine: (line) => trail.record(name, line),
  })
}
