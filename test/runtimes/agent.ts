import { type AgentEvent, createDelegationClient, DelegationError, generatedKey } from '@behalf/agent'
import { createGuard } from '@behalf/hono'
import { Hono } from 'hono'
import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose'

const issuer = 'https://auth.example.com'
const resource = 'https://orders.example.com'
const nonce = 'nonce-1'

/** What the client of an agent must do alike on every runtime, against a server and an API within the process. */
export async function smokeAgent(): Promise<number> {
  const keys: JWK[] = []
  const server = await createServer(keys)
  const events: AgentEvent[] = []
  const client = createDelegationClient({
    serverUrl: issuer,
    clientId: 'support-app',
    key: generatedKey((key) => void keys.push(key)),
    fetch: server.fetch,
    audit: (event) => void events.push(event),
    timeout: 10_000,
    retries: 0,
  })
  const ada = { resource, scope: 'orders:read', subjectToken: 'ada' }
  const bob = { ...ada, subjectToken: 'bob' }
  let tried = 0
  const expect = (what: string, got: unknown, wanted: unknown): void => {
    tried += 1
    const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)]
    if (left !== right) throw new Error(`${what}: wanted ${right}, got ${left}`)
  }

  const answers = await Promise.all([ada, bob, ada, bob].map((call) => client.fetch('/orders', call)))
  expect('answers', await Promise.all(answers.map((answer) => answer.text())), ['ada', 'bob', 'ada', 'bob'])
  expect('requests for tokens', server.asked(), 2)

  const [first, again] = [await client.getDelegationToken(ada), await client.getDelegationToken(ada)]
  expect(
    'the same token',
    [first === again, first.tokenType, JSON.stringify(first).includes(first.accessToken)],
    [true, 'DPoP', false],
  )

  server.withdraw(first.accessToken)
  expect('a token that is withdrawn', (await client.fetch('/orders', ada)).status, 200)
  expect('is replaced once', server.asked(), 3)

  const refusal = await client.getDelegationToken({ ...ada, scope: 'orders:write' }).catch((error: unknown) => error)
  expect('a refusal', refusal instanceof DelegationError && refusal.code, 'invalid_scope')

  const giveUp = new AbortController()
  setTimeout(() => giveUp.abort(), 50)
  const { signal } = giveUp
  const end = await client.getDelegationToken({ ...ada, scope: 'silence', signal }).catch((error: unknown) => error)
  expect('an end', end instanceof DelegationError && end.code, 'aborted')

  await client.close()
  const count = (type: string, code: string) =>
    events.filter((event) => event.type === type && 'reason' in event && event.reason.code === code).length
  expect('events', [count('token.requested', 'allowed'), count('token.requested', 'invalid_scope')], [3, 1])
  expect('a closed client', events.at(-1)?.type === 'token.requested' && events.at(-1)?.client.id, 'support-app')
  return tried
}

/** A server and an API behind one `fetch`. */
async function createServer(clientKeys: readonly JWK[]) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] }
  const withdrawn = new Set<string>()
  let asked = 0
  const { protect } = createGuard({
    issuer: { issuer, jwks },
    audience: resource,
    dpop: 'required',
  })
  const api = new Hono()
  api.get(
    '/orders',
    async (c, next) => {
      const [, token = ''] = c.req.header('authorization')?.split(' ') ?? []
      if (withdrawn.has(token)) return c.text('', 401, { 'www-authenticate': 'DPoP error="invalid_token"' })
      return next()
    },
    protect({ scope: 'orders:read', delegation: 'required' }),
    (c) => c.text(c.var.auth.subject),
  )

  async function issue(request: Request): Promise<Response> {
    const form = new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()))
    const [key] = clientKeys
    if (key === undefined) return Response.json({ error: 'invalid_client' }, { status: 401 })
    await jwtVerify(form.get('client_assertion') ?? '', key, { audience: issuer, issuer: 'support-app' })
    const proof = request.headers.get('dpop') ?? ''
    const { jwk = {} } = decodeProtectedHeader(proof)
    const { payload } = await jwtVerify(proof, jwk)
    if (payload.nonce !== nonce) {
      return Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'dpop-nonce': nonce } })
    }
    if (form.get('scope') === 'silence') return new Promise(() => {})
    if (form.get('scope') !== 'orders:read') return Response.json({ error: 'invalid_scope' }, { status: 400 })
    asked += 1
    const now = Math.floor(Date.now() / 1000)
    const token = await new SignJWT({
      iss: issuer,
      sub: form.get('subject_token') ?? '',
      aud: resource,
      client_id: 'support-app',
      iat: now,
      exp: now + 60,
      jti: crypto.randomUUID(),
      scope: 'orders:read',
      act: { sub: 'agent:support', iss: issuer },
      cnf: { jkt: await calculateJwkThumbprint(jwk) },
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
      .sign(privateKey)
    return Response.json({ access_token: token, token_type: 'DPoP', expires_in: 60, scope: 'orders:read' })
  }

  const answer: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const { origin, pathname } = new URL(request.url)
    if (origin === resource) return api.fetch(request)
    if (pathname !== '/token') return Response.json({ issuer, token_endpoint: `${issuer}/token` })
    return issue(request)
  }
  return {
    fetch: answer,
    asked: () => asked,
    withdraw: (token: string) => void withdrawn.add(token),
  }
}
