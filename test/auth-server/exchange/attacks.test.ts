import { createDpopKey, type DpopKey } from '@behalf/testing'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { billing, orders, stock } from './policy.js'
import { accessToken, createScene, type Scene, statusesOf, type TokenRequest } from './scene.js'

let scene: Scene
let key: DpopKey
beforeAll(async () => {
  scene = await createScene()
  key = await createDpopKey()
})
afterAll(async () => {
  await scene.server.close()
})

type Fields = NonNullable<TokenRequest['fields']>
type Make = () => Promise<TokenRequest> | TokenRequest

/** One attack, how it ends, and the same with nothing wrong. */
interface Attack {
  readonly name: string
  readonly attack: Make
  readonly error: string
  /** What the trail says. */
  readonly code: string
  readonly escalation?: true
  readonly twin: Make
}

const usual: Make = () => ({})
const subject = async (change?: Parameters<Scene['personToken']>[0], fields: Fields = {}): Promise<TokenRequest> => ({
  fields: { subject_token: await scene.personToken(change), ...fields },
})
const actor = (token: string): Fields => ({ actor_token: token, actor_token_type: accessToken })
const directTokenOf = async (client: string): Promise<string> => (await scene.direct({ client })).token

/** A token of alice for orders, as the API gets it from the agent. */
const called = async (): Promise<string> =>
  (await scene.exchange({ fields: { resource: orders, scope: 'orders:read' } })).token

/** A token of `depth` actors: agents and APIs that call one another. */
async function chain(depth: number): Promise<string> {
  const link = (left: number): object => ({
    iss: scene.issuer,
    sub: `agent:hop-${left}`,
    ...(left > 1 ? { act: link(left - 1) } : {}),
  })
  return scene.personToken({ kind: 'delegated', resource: orders, scope: ['stock:read'], claims: { act: link(depth) } })
}

const hop = (token: string): TokenRequest => ({
  client: 'orders-api',
  fields: { subject_token: token, resource: stock, scope: 'stock:read' },
})

/** A token that this server signed by its own key, with another type or content. */
async function signed(typ: string, claims: object): Promise<string> {
  const now = scene.now()
  return scene.server.context.keys.sign(
    'token',
    { typ },
    {
      ...{
        iss: scene.issuer,
        sub: 'alice',
        aud: scene.issuer,
        client_id: 'app',
        iat: now,
        exp: now + 60,
        jti: 'made-up',
      },
      ...claims,
    },
  )
}

async function foreign(): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const now = scene.now()
  return new SignJWT({ client_id: 'app', scope: 'billing:read', jti: 'foreign' })
    .setProtectedHeader({ typ: 'at+jwt', alg: 'ES256', jwk: await exportJWK(publicKey) })
    .setIssuer(scene.issuer)
    .setAudience(scene.issuer)
    .setSubject('alice')
    .setIssuedAt(now)
    .setExpirationTime(now + 60)
    .sign(privateKey)
}

const attacks: readonly Attack[] = [
  {
    name: "splicing: the token of a stranger's agent, and the own actor token",
    attack: async () => ({
      client: 'other',
      fields: {
        subject_token: await called(),
        resource: orders,
        scope: 'orders:read',
        ...actor(await directTokenOf('other')),
      },
    }),
    error: 'invalid_request',
    code: 'presenter_unrelated',
    twin: async () => ({
      fields: {
        subject_token: await called(),
        resource: orders,
        scope: 'orders:read',
        ...actor(await directTokenOf('support')),
      },
    }),
  },
  {
    name: 'a stolen actor token',
    attack: async () => ({ client: 'other', fields: actor(await directTokenOf('support')) }),
    error: 'invalid_request',
    code: 'actor_token_foreign',
    twin: async () => ({ client: 'other', fields: actor(await directTokenOf('other')) }),
  },
  {
    name: 'an actor token that is delegated',
    attack: async () => ({ fields: actor((await scene.exchange()).token) }),
    error: 'invalid_request',
    code: 'actor_token_delegated',
    twin: async () => ({ fields: actor(await directTokenOf('support')) }),
  },
  {
    name: "a person's token as actor token",
    attack: async () => ({ fields: actor(await scene.personToken({ clientId: 'support' })) }),
    error: 'invalid_request',
    code: 'actor_token_delegated',
    twin: async () => ({ fields: actor(await directTokenOf('support')) }),
  },
  {
    name: 'an actor token without its type',
    attack: async () => ({ fields: { actor_token: await directTokenOf('support') } }),
    error: 'invalid_request',
    code: 'actor_token_type',
    twin: async () => ({ fields: actor(await directTokenOf('support')) }),
  },
  {
    name: 'the type of an actor token without one',
    attack: () => ({ fields: { actor_token_type: accessToken } }),
    error: 'invalid_request',
    code: 'actor_token_type',
    twin: usual,
  },
  {
    name: 'the wrong presenter: an API that was not called with the token',
    attack: async () => ({ ...hop(await called()), client: 'billing-api' }),
    error: 'invalid_request',
    code: 'presenter_unrelated',
    twin: async () => hop(await called()),
  },
  ...[
    { name: 'may_act names another', may_act: { sub: 'agent:other' } },
    { name: 'may_act is of another issuer', may_act: { sub: 'agent:support', iss: 'https://evil.example' } },
    { name: 'may_act is malformed', may_act: 'agent:support' },
    { name: 'may_act is empty', may_act: null },
  ].map(
    ({ name, may_act }): Attack => ({
      name,
      attack: () => subject({ claims: { may_act } }),
      error: 'invalid_request',
      code: 'may_act_mismatch',
      twin: () => subject({ claims: { may_act: { sub: 'agent:support' } } }),
    }),
  ),
  {
    name: 'a direct token turned "on behalf of"',
    attack: async () => ({ fields: { subject_token: await directTokenOf('support') } }),
    error: 'invalid_request',
    code: 'subject_token_direct',
    twin: usual,
  },
  {
    name: 'a chain too deep',
    attack: async () => hop(await chain(4)),
    error: 'invalid_request',
    code: 'chain_too_deep',
    twin: async () => hop(await chain(3)),
  },
  {
    name: 'a chain that cannot be read',
    attack: async () =>
      hop(
        await scene.personToken({
          resource: orders,
          scope: ['stock:read'],
          claims: { act: { sub: 'x', iss: 'y', act: null } },
        }),
      ),
    error: 'invalid_request',
    code: 'chain_malformed',
    twin: async () => hop(await chain(2)),
  },
  {
    name: 'audience widening: the token for one API exchanged for another',
    attack: async () => ({ fields: { subject_token: await called(), resource: stock, scope: 'stock:read' } }),
    error: 'invalid_scope',
    code: 'above_subject_token',
    escalation: true,
    twin: async () => hop(await called()),
  },
  {
    name: 'audience widening by the permission of another API',
    attack: async () => ({ fields: { resource: orders, scope: 'billing:read', tool: 'get_bill' } }),
    error: 'invalid_scope',
    code: 'other_resource',
    escalation: true,
    twin: () => ({ fields: { resource: orders, scope: 'orders:read' } }),
  },
  {
    name: 'downstream of downstream',
    attack: async () => ({
      client: 'orders-api',
      fields: { subject_token: await called(), resource: billing, scope: 'billing:export' },
    }),
    error: 'invalid_scope',
    code: 'above_subject_token',
    escalation: true,
    twin: async () => hop(await called()),
  },
  {
    name: 'scope widening beyond the subject token',
    attack: () => subject({ scope: ['billing:read'] }, { scope: 'billing:read billing:export', tool: 'get_bill' }),
    error: 'invalid_scope',
    code: 'above_subject_token',
    escalation: true,
    twin: () =>
      subject(
        { scope: ['billing:read', 'billing:export'] },
        { scope: 'billing:read billing:export', tool: 'get_bill' },
      ),
  },
  {
    name: 'scope widening at the next hop',
    attack: async () => ({
      client: 'billing-api',
      fields: { subject_token: (await scene.exchange()).token, scope: 'billing:export' },
    }),
    error: 'invalid_scope',
    code: 'above_subject_token',
    escalation: true,
    twin: async () => ({ client: 'billing-api', fields: { subject_token: (await scene.exchange()).token } }),
  },
  {
    name: "what the agent's roles do not give",
    attack: () => ({ fields: { scope: 'billing:admin' } }),
    error: 'invalid_scope',
    code: 'no_role',
    escalation: true,
    twin: () => ({ fields: { scope: 'billing:export' } }),
  },
  {
    name: "what is above the agent's ceiling",
    attack: () => ({ client: 'narrow', fields: { scope: 'billing:export' } }),
    error: 'invalid_scope',
    code: 'above_ceiling',
    escalation: true,
    twin: () => ({ client: 'narrow' }),
  },
  {
    name: 'what a rule denies, beside what is allowed',
    attack: () => ({ fields: { scope: 'billing:export billing:denied' } }),
    error: 'invalid_scope',
    code: 'denied_by_rule',
    escalation: true,
    twin: () => ({ fields: { scope: 'billing:export' } }),
  },
  {
    name: 'what the person may not do',
    attack: () => subject({ subject: 'carol' }, { scope: 'billing:export' }),
    error: 'invalid_scope',
    code: 'subject_lacks',
    escalation: true,
    twin: () => subject({ subject: 'bob' }, { scope: 'billing:export' }),
  },
  {
    name: 'what nobody knows',
    attack: () => subject({ scope: ['billing:magic'] }, { scope: 'billing:magic' }),
    error: 'invalid_scope',
    code: 'unknown_permission',
    escalation: true,
    twin: usual,
  },
  {
    name: 'a tool that may not use the permission',
    attack: () => ({ fields: { scope: 'billing:read', tool: 'export_all' } }),
    error: 'invalid_scope',
    code: 'tool_not_allowed',
    escalation: true,
    twin: () => ({ fields: { scope: 'billing:read', tool: 'get_bill' } }),
  },
  {
    name: 'no scope and no tool',
    attack: () => ({ fields: { scope: undefined, tool: undefined } }),
    error: 'invalid_scope',
    code: 'scope_missing',
    twin: () => ({ fields: { scope: undefined, tool: 'get_bill' } }),
  },
  {
    name: 'an expired token',
    attack: async () => subject({ expiresAt: scene.now() - 1 }),
    error: 'invalid_request',
    code: 'subject_token_invalid',
    twin: async () => subject({ expiresAt: scene.now() + 5 }),
  },
  {
    name: 'a token of another key',
    attack: async () => ({ fields: { subject_token: await foreign() } }),
    error: 'invalid_request',
    code: 'subject_token_invalid',
    twin: usual,
  },
  {
    name: 'a token that was signed and never recorded',
    attack: async () => ({ fields: { subject_token: await signed('at+jwt', {}) } }),
    error: 'invalid_request',
    code: 'subject_token_invalid',
    twin: usual,
  },
  {
    name: 'an ID token as access token',
    attack: async () => ({ fields: { subject_token: await signed('JWT', { aud: 'app', nonce: 'n' }) } }),
    error: 'invalid_request',
    code: 'subject_token_invalid',
    twin: usual,
  },
  {
    name: 'a security event as access token',
    attack: async () => ({ fields: { subject_token: await signed('secevent+jwt', {}) } }),
    error: 'invalid_request',
    code: 'subject_token_invalid',
    twin: usual,
  },
  {
    name: 'a refresh token as access token',
    attack: () => ({ fields: { subject_token: 'cmVmcmVzaC10b2tlbi1vZi1hbGljZS1hdC10aGUtYXBw' } }),
    error: 'invalid_request',
    code: 'subject_token_invalid',
    twin: usual,
  },
  ...['id_token', 'refresh_token', 'saml2', 'txn_token'].map(
    (type): Attack => ({
      name: `${type} as the type of the subject token`,
      attack: () => ({ fields: { subject_token_type: `urn:ietf:params:oauth:token-type:${type}` } }),
      error: 'invalid_request',
      code: 'subject_token_type',
      twin: usual,
    }),
  ),
  {
    name: 'a signature with white space',
    attack: async () => ({ fields: { subject_token: `${await scene.personToken()}\n` } }),
    error: 'invalid_request',
    code: 'subject_token_invalid',
    twin: usual,
  },
  {
    name: 'no subject token',
    attack: () => ({ fields: { subject_token: undefined } }),
    error: 'invalid_request',
    code: 'subject_token_missing',
    twin: usual,
  },
  {
    name: 'a refresh token in exchange',
    attack: () => ({ fields: { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' } }),
    error: 'invalid_request',
    code: 'requested_token_type',
    twin: () => ({ fields: { requested_token_type: accessToken } }),
  },
  {
    name: 'a public client',
    attack: () => ({ client: 'forced-public' }),
    error: 'unauthorized_client',
    code: 'client_public',
    twin: usual,
  },
  {
    name: 'a client without an agent',
    attack: () => ({ client: 'no-agent' }),
    error: 'unauthorized_client',
    code: 'client_without_agent',
    twin: usual,
  },
  {
    name: 'two resources',
    attack: () => ({ fields: { resource: [billing, orders] } }),
    error: 'invalid_target',
    code: 'resource_several',
    twin: () => ({ fields: { resource: [billing] } }),
  },
  {
    name: 'a resource and another audience',
    attack: () => ({ fields: { audience: orders } }),
    error: 'invalid_target',
    code: 'resource_several',
    twin: () => ({ fields: { audience: billing } }),
  },
  {
    name: 'no resource',
    attack: () => ({ fields: { resource: undefined } }),
    error: 'invalid_target',
    code: 'resource_missing',
    twin: usual,
  },
  ...['https://evil.example', `${billing}/`, '__proto__', 'constructor'].map(
    (resource): Attack => ({
      name: `the resource ${resource}`,
      attack: () => ({ fields: { resource } }),
      error: 'invalid_target',
      code: 'resource_unknown',
      twin: usual,
    }),
  ),
  {
    name: 'the task of another token',
    attack: () => subject({ transaction: 'task-1' }, { txn: 'task-2' }),
    error: 'invalid_request',
    code: 'transaction_mismatch',
    twin: () => subject({ transaction: 'task-1' }, { txn: 'task-1' }),
  },
  {
    name: 'a task with a line break',
    attack: () => ({ fields: { txn: 'task\n1' } }),
    error: 'invalid_request',
    code: 'transaction_malformed',
    twin: () => ({ fields: { txn: 'task-1' } }),
  },
  {
    name: 'a bound token of the same client without a proof',
    attack: () => subject({ clientId: 'support', claims: { cnf: { jkt: key.jkt } } }),
    error: 'invalid_dpop_proof',
    code: 'proof_of_other_key',
    twin: async () => ({
      ...(await subject({ clientId: 'support', claims: { cnf: { jkt: key.jkt } } })),
      proof: await scene.proof(key),
    }),
  },
  {
    name: 'a bound token of the same client with another key',
    attack: async () => ({
      ...(await subject({ clientId: 'support', claims: { cnf: { jkt: key.jkt } } })),
      proof: await scene.proof(await createDpopKey()),
    }),
    error: 'invalid_dpop_proof',
    code: 'proof_of_other_key',
    twin: async () => ({
      ...(await subject({ clientId: 'support', claims: { cnf: { jkt: key.jkt } } })),
      proof: await scene.proof(key),
    }),
  },
  {
    name: 'a token bound to a certificate',
    attack: () => subject({ clientId: 'support', claims: { cnf: { 'x5t#S256': 'AAAA' } } }),
    error: 'invalid_dpop_proof',
    code: 'proof_of_other_key',
    twin: () => subject({ clientId: 'support' }),
  },
  {
    name: 'a bound actor token without a proof',
    attack: async () => ({ fields: actor((await scene.direct({ proof: await scene.proof(key) })).token) }),
    error: 'invalid_dpop_proof',
    code: 'proof_of_other_key',
    twin: async () => ({
      fields: actor((await scene.direct({ proof: await scene.proof(key) })).token),
      proof: await scene.proof(key),
    }),
  },
  {
    name: 'a proof for another endpoint',
    attack: async () => ({ proof: await scene.proof(key, { url: `${scene.issuer}/authorize` }) }),
    error: 'invalid_dpop_proof',
    code: 'dpop_proof_invalid',
    twin: async () => ({ proof: await scene.proof(key) }),
  },
  {
    name: 'a proof for another method',
    attack: async () => ({ proof: await scene.proof(key, { method: 'GET' }) }),
    error: 'invalid_dpop_proof',
    code: 'dpop_proof_invalid',
    twin: async () => ({ proof: await scene.proof(key) }),
  },
  {
    name: 'an old proof',
    attack: async () => ({ proof: await scene.proof(key, { issuedAt: scene.now() - 90 }) }),
    error: 'invalid_dpop_proof',
    code: 'dpop_proof_invalid',
    twin: async () => ({ proof: await scene.proof(key) }),
  },
  {
    name: 'two proofs',
    attack: async () => ({ proof: [await scene.proof(key), await scene.proof(key)] }),
    error: 'invalid_dpop_proof',
    code: 'dpop_proof_invalid',
    twin: async () => ({ proof: [await scene.proof(key)] }),
  },
  {
    name: 'an empty proof',
    attack: () => ({ proof: '' }),
    error: 'invalid_dpop_proof',
    code: 'dpop_proof_invalid',
    twin: usual,
  },
]

describe('attacks on the exchange (RFC 8693, RFC 9449, OAuth Actor Profile)', () => {
  test.each(attacks)('$name', async ({ attack, twin, error, code, escalation }) => {
    const before = (await scene.server.context.tokens.search({ kind: 'delegated' }, { limit: 1000 })).length
    const request = await attack()
    const minted = (await scene.server.context.tokens.search({ kind: 'delegated' }, { limit: 1000 })).length - before
    const refused = await scene.exchange(request)
    expect([refused.status, refused.body.error]).toEqual([400, error])
    expect(refused.body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
    expect(refused.body).not.toHaveProperty('access_token')
    expect(JSON.stringify(refused.body)).not.toContain('eyJ')
    const after = (await scene.server.context.tokens.search({ kind: 'delegated' }, { limit: 1000 })).length
    expect(after).toBe(before + minted)

    const event = (await scene.events()).findLast(({ type }) => String(type).endsWith('.denied'))
    expect(event).toMatchObject({
      type: escalation ? 'escalation.denied' : 'delegation.denied',
      decision: 'deny',
      reason: { code, oauth_error: error },
      client: { id: request.client ?? 'support' },
    })
    expect(JSON.stringify(event)).not.toContain('eyJ')

    const right = await scene.exchange(await twin())
    expect([right.status, right.body.error]).toEqual([200, undefined])
  })

  test('a proof that is sent again', async () => {
    const proof = await scene.proof(key)
    expect((await scene.exchange({ proof })).status).toBe(200)
    const again = await scene.exchange({ proof })
    expect([again.status, again.body.error]).toEqual([400, 'invalid_dpop_proof'])
    expect((await scene.direct({ proof })).body.error).toBe('invalid_dpop_proof')
    expect((await scene.exchange({ proof: await scene.proof(key) })).status).toBe(200)
  })

  test('a proof that is sent twice at the same time', async () => {
    const proof = await scene.proof(key)
    const answers = await Promise.all([1, 2, 3, 4].map(() => scene.exchange({ proof })))
    expect(statusesOf(answers)).toEqual([200, 400, 400, 400])
  })

  test('a proof that came with a refused request', async () => {
    const proof = await scene.proof(key)
    expect((await scene.exchange({ proof, fields: { scope: 'billing:admin' } })).status).toBe(400)
    expect((await scene.exchange({ proof })).body.error).toBe('invalid_dpop_proof')
  })

  test('a client that the engine refuses', async () => {
    for (const client of ['public', 'no-exchange', 'app']) {
      const { status, body } = await scene.exchange({ client })
      expect([status, body]).toEqual([
        expect.any(Number),
        expect.not.objectContaining({ access_token: expect.anything() }),
      ])
      expect(status).toBeGreaterThanOrEqual(400)
    }
    expect((await scene.exchange()).status).toBe(200)
  })

  test('a parameter sent twice', async () => {
    for (const name of ['scope', 'subject_token_type', 'txn', 'tool', 'authorization_details']) {
      const { body } = await scene.exchange({ fields: { [name]: ['a', 'b'] } })
      expect([name, body.error]).toEqual([name, 'invalid_request'])
    }
  })

  test('an actor token that is not fresh', async () => {
    const own = await createScene({ lifetimes: { direct: 900 } })
    try {
      const old = (await own.direct()).token
      own.advance(299)
      expect((await own.exchange({ fields: actor(old) })).status).toBe(200)
      own.advance(5)
      expect((await own.exchange({ fields: actor(old) })).body.error).toBe('invalid_request')
    } finally {
      await own.server.close()
    }
  })
})

describe('what ended', () => {
  test('a revoked token, and one whose parent was revoked', async () => {
    const { revocations, tokens } = scene.server.context
    const parent = await scene.personToken({ sessionId: 'session-of-this-test' })
    const child = (await scene.exchange({ fields: { subject_token: parent, resource: orders, scope: 'orders:read' } }))
      .token
    expect((await scene.exchange(hop(child))).status).toBe(200)
    const [record] = await tokens.search({ sessionId: 'session-of-this-test', kind: 'subject' }, { limit: 1 })
    await revocations.withdraw({ kind: 'token', value: String(record?.tokenId), reason: 'test', by: 'test' })
    expect((await scene.exchange({ fields: { subject_token: parent } })).body.error).toBe('invalid_request')
    expect((await scene.exchange(hop(child))).body.error).toBe('invalid_request')
    expect((await scene.exchange(hop(await called()))).status).toBe(200)
  })

  test('a suspended agent', async () => {
    const { agents } = scene.server.context
    const before = await scene.exchange({ client: 'suspended' })
    expect(before.status).toBe(200)
    await agents.change('agent:suspended', { status: 'suspended' })
    expect((await scene.exchange({ client: 'suspended' })).body.error).toBe('unauthorized_client')
    expect((await scene.direct({ client: 'suspended' })).body.error).toBe('unauthorized_client')
    expect(await scene.server.context.tokens.verify(before.token)).toBeUndefined()
    await agents.change('agent:suspended', { status: 'active' })
    expect((await scene.exchange({ client: 'suspended' })).status).toBe(200)
  })

  test('a person whose account is disabled', async () => {
    const token = await scene.personToken({ subject: 'dave' })
    expect((await scene.exchange({ fields: { subject_token: token } })).status).toBe(200)
    await scene.server.context.accounts.change('dave', { status: 'disabled' })
    expect((await scene.exchange({ fields: { subject_token: token } })).body.error).toBe('invalid_request')
    const fresh = await scene.personToken({ subject: 'dave' })
    expect((await scene.exchange({ fields: { subject_token: fresh } })).body.error).toBe('invalid_request')
  })
})
