import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAgents } from '../../../packages/auth-server/dist/agents/agents.js'
import type { Client, ClientMetadata, Clients } from '../../../packages/auth-server/dist/clients/client.js'
import { createClients } from '../../../packages/auth-server/dist/clients/clients.js'
import { createKnownSecrets } from '../../../packages/auth-server/dist/clients/known-secrets.js'
import {
  ConflictError,
  InvalidInputError,
  NotFoundError,
  StaleVersionError,
} from '../../../packages/auth-server/dist/errors.js'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, dump, type Ground, hasPostgres, openGround } from '../support/ground.js'

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ciba = 'urn:openid:params:grant-type:ciba'
const callback = 'https://app.example.com/callback'

async function keyOf(algorithm: string, kid?: string, options = {}): Promise<{ public: JWK; private: JWK }> {
  const pair = await generateKeyPair(algorithm, { extractable: true, ...options })
  const name = kid === undefined ? {} : { kid }
  return {
    public: { ...(await exportJWK(pair.publicKey)), ...name },
    private: { ...(await exportJWK(pair.privateKey)), ...name },
  }
}

const es = await keyOf('ES256', 'one')
const withKey: ClientMetadata = {
  token_endpoint_auth_method: 'private_key_jwt',
  grant_types: ['client_credentials', exchange],
  redirect_uris: [],
  jwks: { keys: [es.public] },
}
const withSecret: ClientMetadata = {
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['client_credentials'],
  redirect_uris: [],
}
const application: ClientMetadata = {
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: [callback],
}

let shared: Ground
let ground: Ground
let clients: Clients
beforeAll(async () => {
  shared = await openGround()
})
beforeEach(async () => {
  for (const table of ['client_secrets', 'clients', 'agents']) await shared.database.query(`delete from ${table}`)
  ground = await openGround({}, shared.database)
  clients = createClients(ground)
  await createAgents(ground).create({ id: 'agent:support', name: 'Support', owner: 'ops' })
})
afterAll(() => shared.close())

let made = 0
const register = (metadata: unknown, agentId: string | null = null): Promise<Client> => {
  made += 1
  return clients.create({ id: `client-${made}`, name: 'A client', agentId, metadata: metadata as ClientMetadata })
}

describe('metadata of clients', () => {
  const right: readonly (readonly [string, unknown, string?])[] = [
    ['an agent with a key', withKey, 'agent:support'],
    ['an agent with a secret', withSecret, 'agent:support'],
    ['an agent without a browser', { ...withKey, grant_types: [ciba, exchange] }, 'agent:support'],
    ['an API that only introspects', { ...withSecret, grant_types: [] }],
    ['an application in a browser', application],
    ['an app on a phone', { ...application, redirect_uris: ['com.example.app:/callback'] }],
    ['a program on a desktop', { ...application, redirect_uris: ['http://127.0.0.1:7890/cb', 'http://[::1]/cb'] }],
    [
      'a server with people',
      { ...withKey, grant_types: ['authorization_code', 'refresh_token'], redirect_uris: [callback] },
    ],
    [
      'everything that can be set',
      {
        ...withKey,
        dpop_bound_access_tokens: true,
        require_pushed_authorization_requests: true,
        introspection_signed_response_alg: 'EdDSA',
      },
    ],
  ]
  it.each(right.map(([what, metadata, agentId = null]) => [what, metadata, agentId] as const))(
    'suit %s',
    async (_, metadata, agentId) => {
      const client = await register(metadata, agentId)
      expect(client.metadata).toEqual(metadata)
      expect(await clients.find(client.id)).toEqual(client)
    },
  )

  const wrong: readonly (readonly [string, unknown, string?])[] = [
    ['no object', 'metadata'],
    ['a member that is not known', { ...withKey, client_secret: 'chosen' }],
    ['keys to be fetched', { ...withKey, jwks: undefined, jwks_uri: 'https://client.example.com/jwks' }],
    ['keys to be fetched beside those registered', { ...withKey, jwks_uri: 'https://client.example.com/jwks' }],
    ['a key method without keys', { ...withKey, jwks: undefined }],
    ['a key method with an empty set', { ...withKey, jwks: { keys: [] } }],
    ['keys with a secret method', { ...withSecret, jwks: { keys: [es.public] } }],
    ['an unknown method', { ...withSecret, token_endpoint_auth_method: 'client_secret_jwt' }],
    ['an unknown grant type', { ...withSecret, grant_types: ['implicit'] }],
    ['the password grant', { ...withSecret, grant_types: ['password'] }],
    ['one grant type twice', { ...withSecret, grant_types: ['client_credentials', 'client_credentials'] }],
    ['a code without a place to return to', { ...application, redirect_uris: [] }],
    ['a place to return to without a code', { ...withSecret, redirect_uris: [callback] }],
    ['refresh tokens without a code', { ...withSecret, grant_types: ['refresh_token'] }],
    [
      'a public client with its own access',
      { ...application, grant_types: ['authorization_code', 'client_credentials'] },
    ],
    ['a public client that exchanges', { ...application, grant_types: ['authorization_code', exchange] }],
    ['a public client with CIBA', { ...application, grant_types: ['authorization_code', ciba] }],
    ['an agent that does not prove itself', { ...application, grant_types: ['authorization_code'] }, 'agent:support'],
    [
      'an agent with refresh tokens',
      { ...withKey, grant_types: ['authorization_code', 'refresh_token'], redirect_uris: [callback] },
      'agent:support',
    ],
    ['a signature without protection', { ...withSecret, introspection_signed_response_alg: 'none' }],
  ]
  it.each(wrong.map(([what, metadata, agentId = null]) => [what, metadata, agentId] as const))(
    'refuse %s',
    async (_, metadata, agentId) => {
      await expect(register(metadata, agentId)).rejects.toThrow(InvalidInputError)
      expect(await clients.list({ limit: 10 })).toEqual([])
    },
  )

  it.each([
    'http://app.example.com/cb',
    'https://app.example.com/cb#part',
    'https://*.example.com/cb',
    'https://app.example.com/*',
    'https://user:secret@app.example.com/cb',
    'https:app.example.com/cb',
    'https://app.example.com\\@evil.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://localhost.evil.example/cb',
    'http://10.0.0.1/cb',
    'javascript:alert(1)',
    'data:text/html,hi',
    'myapp:/callback',
    'myapp://callback',
    '//app.example.com/cb',
    '/cb',
    'https://app.example.com/c b',
    ' https://app.example.com/cb',
    'https://app.example.com/\u0000',
    'https://аpp.example.com/cb',
    `https://app.example.com/${'a'.repeat(2_000)}`,
    '',
  ])('refuse to send people to %j', async (uri) => {
    await expect(register({ ...application, redirect_uris: [uri] })).rejects.toThrow(InvalidInputError)
    await expect(register({ ...application, redirect_uris: [callback, uri] })).rejects.toThrow(InvalidInputError)
    await register({ ...application, redirect_uris: [callback] })
  })
})

describe('keys of clients', () => {
  it.each([
    ['ES256', 'EC'],
    ['EdDSA', 'OKP'],
    ['PS256', 'RSA'],
  ])('may be of %s', async (algorithm, kty) => {
    const key = await keyOf(algorithm, 'one')
    const { metadata } = await register({ ...withKey, jwks: { keys: [{ ...key.public, alg: algorithm, use: 'sig' }] } })
    expect(metadata.jwks?.keys[0]).toMatchObject({ kty, alg: algorithm })
  })

  it('are public, and a private one is not repeated', async () => {
    const rsa = await keyOf('PS256', 'rsa')
    for (const key of [es.private, rsa.private, { kty: 'oct', k: 'c2VjcmV0', kid: 'oct' }]) {
      const refused = register({ ...withKey, jwks: { keys: [key] } })
      await expect(refused).rejects.toThrow(InvalidInputError)
      await expect(refused).rejects.not.toThrow(key.d ?? 'c2VjcmV0')
    }
    expect(await dump(ground)).not.toContain(es.private.d)
  })

  it('are keys that work', async () => {
    const weak = await keyOf('RS256', 'weak', { modulusLength: 2048 })
    const keys: readonly JWK[] = [
      { ...es.public, x: es.public.y },
      { ...es.public, x: 'AAAA' },
      { ...es.public, crv: 'P-384' },
      { ...es.public, alg: 'HS256' },
      { ...es.public, alg: 'none' },
      { ...es.public, use: 'enc' },
      { ...weak.public, n: weak.public.n?.slice(0, 171) },
      { kty: 'EC', kid: 'nothing' },
    ]
    for (const key of keys) {
      await expect(register({ ...withKey, jwks: { keys: [key] } }), JSON.stringify(key)).rejects.toThrow(
        InvalidInputError,
      )
    }
  })

  it('have names of their own where there are several', async () => {
    const other = await keyOf('ES256', 'two')
    await register({ ...withKey, jwks: { keys: [es.public, other.public] } })
    const unnamed = { ...es.public, kid: undefined }
    await register({ ...withKey, jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: es.public.x, y: es.public.y }] } })
    await expect(
      register({ ...withKey, jwks: { keys: [es.public, { ...other.public, kid: 'one' }] } }),
    ).rejects.toThrow(InvalidInputError)
    await expect(register({ ...withKey, jwks: { keys: [unnamed, unnamed] } })).rejects.toThrow(InvalidInputError)
  })
})

describe('clients', () => {
  it('belong to an agent that is there', async () => {
    expect(await register(withKey, 'agent:support')).toMatchObject({
      agentId: 'agent:support',
      status: 'active',
      version: 1,
    })
    await expect(register(withKey, 'agent:unknown')).rejects.toThrow(NotFoundError)
    await createAgents(ground).change('agent:support', { status: 'retired' })
    await expect(register(withKey, 'agent:support')).rejects.toThrow(ConflictError)
  })

  it('have an id of their own', async () => {
    const client = { id: 'app', name: 'App', agentId: null, metadata: withSecret }
    await clients.create(client)
    await expect(clients.create(client)).rejects.toThrow(ConflictError)
    for (const id of ['', 'a b', 'agent:app', 'a/b', 'ä', '-a', 'a'.repeat(129), 'a\u0000']) {
      await expect(clients.create({ ...client, id })).rejects.toThrow(InvalidInputError)
      expect(await clients.find(id)).toBeUndefined()
    }
  })

  it('change from the version that was looked at', async () => {
    const { id } = await register(withKey, 'agent:support')
    const two = await keyOf('ES256', 'two')
    const metadata = { ...withKey, jwks: { keys: [es.public, two.public] } }
    expect(await clients.change(id, { metadata }, 1)).toMatchObject({ metadata, name: 'A client', version: 2 })
    await expect(clients.change(id, { name: 'Late' }, 1)).rejects.toThrow(StaleVersionError)
    expect(await clients.change(id, { name: 'Renamed' }, 2)).toMatchObject({ metadata, name: 'Renamed', version: 3 })
    await expect(clients.change('unknown', { name: 'Nobody' })).rejects.toThrow(NotFoundError)
    const refused = clients.change(id, { metadata: { ...application, grant_types: ['authorization_code'] } })
    await expect(refused).rejects.toThrow(InvalidInputError)
    expect(await clients.find(id)).toMatchObject({ metadata, version: 3 })
  })

  it('lose what they were given when they are disabled', async () => {
    const { id } = await register(withSecret)
    const { secret } = await clients.addSecret(id, 100)
    await clients.change(id, { status: 'disabled' }, 1, 'alice')
    expect(ground.withdrawn).toEqual([{ kind: 'client', value: id, reason: 'client_disabled', by: 'alice' }])
    expect(await clients.isSecret(id, secret)).toBe(false)
    await clients.change(id, { status: 'active' })
    expect(await clients.isSecret(id, secret)).toBe(true)
    expect(ground.withdrawn).toHaveLength(1)
  })

  it('are listed in order, page by page, of one agent or of all', async () => {
    for (const [id, agentId] of [
      ['c', null],
      ['a', 'agent:support'],
      ['b', 'agent:support'],
    ] as const) {
      await clients.create({ id, name: id, agentId, metadata: withSecret })
    }
    const ids = async (page: Parameters<Clients['list']>[0]) => (await clients.list(page)).map(({ id }) => id)
    expect(await ids({ limit: 2 })).toEqual(['a', 'b'])
    expect(await ids({ after: 'b', limit: 2 })).toEqual(['c'])
    expect(await ids({ limit: 9, agentId: 'agent:support' })).toEqual(['a', 'b'])
    expect(await ids({ limit: 9, agentId: 'agent:other' })).toEqual([])
  })
})

describe('secrets of clients', () => {
  it('are shown once and kept as a hash', async () => {
    const { id } = await register(withSecret)
    const { secret, ...shown } = await clients.addSecret(id, 100)
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
    expect(shown).toEqual({
      id: expect.any(String),
      createdAt: ground.clock.seconds,
      expiresAt: ground.clock.seconds + 100,
    })
    expect(await clients.secrets(id)).toEqual([shown])
    expect(await clients.isSecret(id, secret)).toBe(true)
    for (const wrong of ['', secret.slice(1), `${secret}a`, secret.toLowerCase(), 'x'.repeat(10_000)]) {
      expect(await clients.isSecret(id, wrong)).toBe(false)
    }
    const rows = await dump(ground)
    expect(rows).not.toContain(secret)
    expect(rows).toContain('sha256$')
  })

  it('can be chosen, and are then kept as a slow hash', async () => {
    const { id } = await register(withSecret)
    const chosen = 'a secret that an operator chose itself'
    await clients.addSecret(id, 100, chosen)
    const again = createClients(ground)
    for (const each of [clients, clients, again]) {
      expect(await each.isSecret(id, chosen)).toBe(true)
      expect(await each.isSecret(id, `${chosen}.`)).toBe(false)
    }
    const rows = await dump(ground)
    expect(rows).not.toContain(chosen)
    expect(rows).toContain('$scrypt$')
    const short = clients.addSecret(id, 100, 'too short a secret')
    await expect(short).rejects.toThrow(InvalidInputError)
    await expect(short).rejects.not.toThrow('too short a secret')
  })

  it.each([true, false])('that were compared are remembered, the last ten thousand of each kind: %s', (isRight) => {
    const known = createKnownSecrets()
    expect(known.isRight('one', 'hash', 'secret')).toBeUndefined()
    known.add('one', 'hash', 'secret', isRight)
    expect(known.isRight('one', 'hash', 'secret')).toBe(isRight)
    expect(known.isRight('one', 'another hash', 'secret')).toBeUndefined()
    expect(known.isRight('one', 'hash', 'another secret')).toBeUndefined()
    for (let count = 0; count < 10_000; count += 1) known.add(`${count}`, 'hash', `${count}`, isRight)
    expect(known.isRight('9999', 'hash', '9999')).toBe(isRight)
    expect(known.isRight('one', 'hash', 'secret')).toBeUndefined()
  })

  it('are two at most, so that one can be rotated', async () => {
    const { id } = await register(withSecret)
    const first = await clients.addSecret(id, 1_000)
    const second = await clients.addSecret(id, 1_000)
    await expect(clients.addSecret(id, 1_000)).rejects.toThrow(ConflictError)
    expect([await clients.isSecret(id, first.secret), await clients.isSecret(id, second.secret)]).toEqual([true, true])
    await clients.removeSecret(id, first.id)
    expect([await clients.isSecret(id, first.secret), await clients.isSecret(id, second.secret)]).toEqual([false, true])
    await expect(clients.removeSecret(id, first.id)).rejects.toThrow(NotFoundError)
    const third = await clients.addSecret(id, 1_000)
    expect(await clients.isSecret(id, third.secret)).toBe(true)
  })

  it('expire to the second, and make room', async () => {
    const { id } = await register(withSecret)
    const { secret } = await clients.addSecret(id, 100)
    const chosen = await clients.addSecret(id, 100, 'a secret that an operator chose itself')
    expect(await clients.isSecret(id, chosen.secret)).toBe(true)
    ground.clock.seconds += 99
    expect([await clients.isSecret(id, secret), await clients.isSecret(id, chosen.secret)]).toEqual([true, true])
    ground.clock.seconds += 1
    expect([await clients.isSecret(id, secret), await clients.isSecret(id, chosen.secret)]).toEqual([false, false])
    expect(await clients.secrets(id)).toEqual([])
    await clients.addSecret(id, 100)
    await clients.addSecret(id, 100)
  })

  it('open their own client alone', async () => {
    const [one, other] = [await register(withSecret), await register(withSecret)]
    const { secret, id } = await clients.addSecret(one.id, 100)
    expect(await clients.isSecret(one.id, secret)).toBe(true)
    expect(await clients.isSecret(other.id, secret)).toBe(false)
    expect(await clients.isSecret('unknown', secret)).toBe(false)
    await expect(clients.removeSecret(other.id, id)).rejects.toThrow(NotFoundError)
    expect(await clients.isSecret(one.id, secret)).toBe(true)
  })

  it('are for clients that prove themselves by one', async () => {
    const { id } = await register(withKey)
    await expect(clients.addSecret(id, 100)).rejects.toThrow(ConflictError)
    await expect(clients.addSecret('unknown', 100)).rejects.toThrow(NotFoundError)
    const { id: changing } = await register(withSecret)
    const { secret } = await clients.addSecret(changing, 100)
    await clients.change(changing, { metadata: withKey })
    await clients.change(changing, { metadata: withSecret })
    expect(await clients.isSecret(changing, secret)).toBe(false)
  })

  it.each([0, -1, 1.5, Number.NaN, 63_072_001])('do not live %d seconds', async (lifetime) => {
    const { id } = await register(withSecret)
    await expect(clients.addSecret(id, lifetime)).rejects.toThrow(InvalidInputError)
    expect(await clients.addSecret(id, 63_072_000)).toBeDefined()
  })
})

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'clients of two processes', () => {
  it('never have a third secret, and are registered and changed once', async () => {
    const { url, drop } = await createPostgresDatabase()
    const grounds = await Promise.all([0, 1].map(() => openGround({ database: url })))
    try {
      const both = grounds.map(createClients)
      const of = (i: number) => both[i % 2] as Clients
      const won = async (count: number, work: (i: number) => Promise<unknown>) =>
        (await Promise.allSettled(Array.from({ length: count }, (_, i) => work(i)))).filter(
          ({ status }) => status === 'fulfilled',
        ).length
      const client = { id: 'app', name: 'App', agentId: null, metadata: withSecret }
      expect(await won(6, (i) => of(i).create(client))).toBe(1)
      expect(await won(6, (i) => of(i).change('app', { name: `App ${i}` }, 1))).toBe(1)
      expect(await won(8, (i) => of(i).addSecret('app', 100))).toBe(2)
      expect(await of(0).secrets('app')).toHaveLength(2)
    } finally {
      await Promise.all(grounds.map((each) => each.close()))
      await drop()
    }
  })
})
