import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { type AuthServer, createAuthServer } from '@behalf/auth-server'
import type { JWK } from 'jose'
import { createDatabase } from '../auth-server/store.js'
import { answer } from '../http/child.js'
import { listen } from '../http/listen.js'
import { clientId, createWorld, day, scope, subject } from './world.js'

/** What an auth server is started with. */
export interface AuthoritySetup {
  readonly isEmbedded: boolean
  readonly clientKey: JWK
}

/** Where it is, and the token of a person who signed in. */
export interface AuthorityReady {
  readonly issuer: string
  readonly subjectToken: string
}

/** An auth server in a process of its own: embedded, or with a PostgreSQL database of its own. */
// the benchmark that starts this process wrote it
const { isEmbedded, clientKey } = JSON.parse(process.argv[2] ?? '{}') as AuthoritySetup
let server: AuthServer | undefined
const http = createServer((request, response) => server?.handler(request, response))
const issuer = `http://127.0.0.1:${await listen(http)}`
const database = isEmbedded ? undefined : await createDatabase()
server = await createAuthServer({
  issuer,
  database: database?.url ?? 'memory',
  encryptionKey: randomBytes(32).toString('base64url'),
  rateLimits: { token: 1_000_000_000 },
  seed: createWorld(clientKey),
})
const { context, close } = server
const { token: subjectToken } = await context.tokens.issue({
  ...{ parentId: null, kind: 'subject', subject, agentId: null, clientId, resource: issuer, scope: [scope] },
  ...{ transaction: null, sessionId: 'session-1', grantId: null, protocolGrantId: null, consents: [] },
  ...{ expiresAt: Math.floor(context.now()) + day, claims: { sub_profile: 'user' } },
})

answer(async (question: 'ready' | 'stop') => {
  if (question === 'ready') return { issuer, subjectToken } satisfies AuthorityReady
  http.closeAllConnections()
  http.close()
  await close()
  await database?.drop()
  return 'stopped'
})
