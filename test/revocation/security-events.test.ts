import { createResourceServer } from '@behalf/core'
import { describe, expect, it } from 'vitest'
import { createIssuerKeys } from '../../packages/core/dist/keys/issuer.js'
import type { Revocation } from '../../packages/core/dist/revocation/revocation.js'
import { createRevocationList } from '../../packages/core/dist/revocation/revocation-list.js'
import {
  createSecurityEventReceiver,
  type SecurityEvent,
  type SecurityEventSettings,
} from '../../packages/core/dist/revocation/security-events.js'
import { leaks, tokenSecrets } from '../support/secrets.js'
import {
  AUDIENCE,
  createKey,
  forge,
  ISSUER,
  issuerKey,
  type Json,
  jwks,
  mint,
  NOW,
  type SigningKey,
} from '../support/token.js'
import { createWarnings, OTHER_ISSUER, otherKey, token, trustedIssuers, trustIn } from './setting.js'

const TYPE = 'application/secevent+jwt'
const ACTOR_ISSUER = 'https://agents.example.com'
const sessionRevoked = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
const claimsChange = 'https://schemas.openid.net/secevent/caep/event-type/token-claims-change'
const credentialChange = 'https://schemas.openid.net/secevent/caep/event-type/credential-change'
const accountDisabled = 'https://schemas.openid.net/secevent/risc/event-type/account-disabled'
const verification = 'https://schemas.openid.net/secevent/ssf/event-type/verification'

const user = { format: 'iss_sub', iss: ISSUER, sub: 'user-1' }
let sent = 0

interface Sending {
  readonly header?: Json
  readonly key?: SigningKey
}

/** A good security event token, changed as told. */
function set(changes: Json = {}, { header = {}, key = issuerKey() }: Sending = {}): string {
  sent += 1
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    iat: NOW,
    jti: `set-${sent}`,
    sub_id: user,
    events: { [sessionRevoked]: { event_timestamp: NOW - 5 } },
    ...changes,
  }
  return forge({ header: { alg: key.algorithm, typ: 'secevent+jwt', kid: key.kid, ...header }, claims, key })
}

function createScene(changes: Partial<SecurityEventSettings> = {}) {
  const list = createRevocationList({ now: () => NOW })
  const events: SecurityEvent[] = []
  const { onWarning, codes, warnings } = createWarnings()
  const receiver = createSecurityEventReceiver({
    issuers: trustedIssuers(),
    audience: AUDIENCE,
    revocations: list,
    clockTolerance: 5,
    onWarning,
    onEvent: (event) => void events.push(event),
    now: () => NOW,
    ...changes,
  })
  const send = async (body: string, contentType: string | null = TYPE) => {
    const answer = await receiver.receive(body, contentType)
    await new Promise((resolve) => setImmediate(resolve)) // reports follow the answer
    return answer
  }
  return { list, receiver, events, codes, warnings, send, entries: () => [...list.entries()].map(withoutEnd) }
}

const withoutEnd = (revocation: Revocation): Json =>
  Object.fromEntries(Object.entries(revocation).filter(([name]) => name !== 'expiresAt'))

describe('the answer', () => {
  it('is 202 and empty once the revocation is in force', async () => {
    const { list, send, events, codes } = createScene()
    expect(list.isRevoked(token({ issuedAt: NOW - 5 }))).toBe(false)
    const answer = await send(set())
    expect(answer).toEqual({ status: 202, headers: { 'Cache-Control': 'no-store' }, body: '' })
    expect(list.isRevoked(token({ issuedAt: NOW - 5 }))).toBe(true)
    expect(list.isRevoked(token({ issuedAt: NOW - 4 }))).toBe(false)
    expect(events).toHaveLength(1)
    expect(codes()).toEqual([])
  })

  it('is the error of RFC 8935 section 2.3, in a language it names', async () => {
    const { send } = createScene()
    const answer = await send(set({ aud: 'https://other.example.com' }))
    expect(answer.status).toBe(400)
    expect(answer.headers).toEqual({
      'Cache-Control': 'no-store',
      'Content-Language': 'en',
      'Content-Type': 'application/json',
    })
    expect(JSON.parse(answer.body)).toEqual({
      err: 'invalid_audience',
      description: 'The security event token is not meant for this receiver.',
    })
  })

  it.each([`${TYPE}; charset=utf-8`, 'Application/SecEvent+JWT', ` ${TYPE} `])(
    'takes the content type %s',
    async (type) => {
      const { send } = createScene()
      expect((await send(set(), type)).status).toBe(202)
    },
  )

  it.each([null, '', 'application/json', 'application/jwt', 'application/secevent+jwtx'])(
    'refuses the content type %s',
    async (type) => {
      const { send, entries } = createScene()
      expect(JSON.parse((await send(set(), type)).body)).toMatchObject({ err: 'invalid_request' })
      expect(entries()).toEqual([])
    },
  )
})

const strange = createKey('ES256', 'es256')
const refused: readonly (readonly [string, () => string, string])[] = [
  ['an empty body', () => '', 'invalid_request'],
  ['no token', () => 'revoke everything', 'invalid_request'],
  ['JSON', () => JSON.stringify({ iss: ISSUER }), 'invalid_request'],
  ['a token with a line after it', () => `${set()}\n`, 'invalid_request'],
  ['a body that is too long', () => set({ note: 'x'.repeat(65_536) }), 'invalid_request'],
  ['another type', () => set({}, { header: { typ: 'JWT' } }), 'invalid_request'],
  ['no type', () => set({}, { header: { typ: undefined } }), 'invalid_request'],
  ['an access token', () => mint(), 'invalid_request'],
  ['an access token that says it is an event', () => mint({}, { header: { typ: 'secevent+jwt' } }), 'invalid_request'],
  ['critical extensions', () => set({}, { header: { crit: ['b64'], b64: false } }), 'invalid_request'],
  ['alg none', () => forge({ header: { alg: 'none', typ: 'secevent+jwt' }, claims: {}, signature: '' }), 'invalid_key'],
  ['alg none with a signature', () => set({}, { header: { alg: 'none' } }), 'invalid_key'],
  [
    'HMAC over the public key',
    () =>
      forge({
        header: { alg: 'HS256', typ: 'secevent+jwt' },
        claims: { iss: ISSUER },
        secret: JSON.stringify(issuerKey().jwk),
      }),
    'invalid_key',
  ],
  ['an algorithm the issuer does not use', () => set({}, { key: issuerKey('ES384') }), 'invalid_key'],
  ['a key the issuer does not have', () => set({}, { header: { kid: 'unknown' } }), 'invalid_key'],
  ['the signature of another key', () => set({}, { key: strange }), 'authentication_failed'],
  ['the key of another issuer', () => set({}, { key: otherKey }), 'invalid_key'],
  [
    'the signature of another text',
    () => `${set().split('.').slice(0, 2).join('.')}.${set().split('.')[2]}`,
    'authentication_failed',
  ],
  ['an unknown issuer', () => set({ iss: 'https://evil.example.com' }), 'invalid_issuer'],
  ['no issuer', () => set({ iss: undefined }), 'invalid_issuer'],
  ['an issuer that is no text', () => set({ iss: [ISSUER] }), 'invalid_issuer'],
  ['another audience', () => set({ aud: 'https://other.example.com' }), 'invalid_audience'],
  ['other audiences', () => set({ aud: ['https://other.example.com', `${AUDIENCE}/`] }), 'invalid_audience'],
  ['no audience', () => set({ aud: undefined }), 'invalid_audience'],
  ['an audience in an object', () => set({ aud: { 0: AUDIENCE } }), 'invalid_audience'],
  ['no iat', () => set({ iat: undefined }), 'invalid_request'],
  ['iat as text', () => set({ iat: String(NOW) }), 'invalid_request'],
  ['no jti', () => set({ jti: undefined }), 'invalid_request'],
  ['an empty jti', () => set({ jti: '' }), 'invalid_request'],
  ['a very long jti', () => set({ jti: 'x'.repeat(2049) }), 'invalid_request'],
  ['toe as text', () => set({ toe: 'now' }), 'invalid_request'],
  ['exp, which access tokens have', () => set({ exp: NOW + 60 }), 'invalid_request'],
  ['sub, which access tokens have', () => set({ sub: 'user-1' }), 'invalid_request'],
  ['no events', () => set({ events: undefined }), 'invalid_request'],
  ['no event', () => set({ events: {} }), 'invalid_request'],
  ['events in a list', () => set({ events: [sessionRevoked] }), 'invalid_request'],
  ['an event that is no object', () => set({ events: { [sessionRevoked]: true } }), 'invalid_request'],
  [
    'too many events',
    () => set({ events: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`e:${n}`, {}])) }),
    'invalid_request',
  ],
  ['an event without subject', () => set({ sub_id: undefined }), 'invalid_request'],
  ['a subject that is no object', () => set({ sub_id: 'user-1' }), 'invalid_request'],
  ['a subject without its members', () => set({ sub_id: { format: 'iss_sub', iss: ISSUER } }), 'invalid_request'],
  ['a subject of numbers', () => set({ sub_id: { format: 'opaque', id: 7 } }), 'invalid_request'],
  ['a token subject without jti', () => set({ sub_id: { format: 'jwt_id', iss: ISSUER } }), 'invalid_request'],
  ['no aliases', () => set({ sub_id: { format: 'aliases', identifiers: [] } }), 'invalid_request'],
  ['aliases that are none', () => set({ sub_id: { format: 'aliases', identifiers: ['a'] } }), 'invalid_request'],
  ['a complex member that is no object', () => set({ sub_id: { format: 'complex', user: 'a' } }), 'invalid_request'],
  ['the subject of another issuer', () => set({ sub_id: { ...user, iss: OTHER_ISSUER } }), 'access_denied'],
  [
    'the token of another issuer',
    () => set({ sub_id: { format: 'jwt_id', iss: OTHER_ISSUER, jti: 'a' } }),
    'access_denied',
  ],
  [
    'aliases of another issuer',
    () => set({ sub_id: { format: 'aliases', identifiers: [{ ...user, iss: OTHER_ISSUER }] } }),
    'access_denied',
  ],
]

describe('a security event token that is refused', () => {
  it.each(refused)('for %s', async (_what, make, err) => {
    const { send, entries, events, codes } = createScene()
    const body = make()
    const answer = await send(body)
    expect({ status: answer.status, err: (JSON.parse(answer.body) as Json).err }).toEqual({ status: 400, err })
    expect(entries()).toEqual([])
    expect(events).toEqual([])
    expect(codes()).toEqual([]) // whoever knocks does not fill the log
    expect(leaks(JSON.stringify(answer), tokenSecrets(body))).toEqual([])
  })

  it('changes nothing when one of its events is wrong', async () => {
    const { send, entries, events } = createScene()
    const wrong = { [accountDisabled]: { subject: { ...user, sub: '' } } }
    const answer = await send(set({ sub_id: undefined, events: { [sessionRevoked]: { subject: user }, ...wrong } }))
    expect(answer.status).toBe(400)
    expect(entries()).toEqual([])
    expect(events).toEqual([])
    const right = { [accountDisabled]: { subject: { ...user, sub: 'user-2' } } }
    expect(
      (await send(set({ sub_id: undefined, events: { [sessionRevoked]: { subject: user }, ...right } }))).status,
    ).toBe(202)
    expect(entries()).toHaveLength(4)
    expect(events).toHaveLength(2)
  })
})

describe('tokens and events', () => {
  const server = createResourceServer({
    issuer: { issuer: ISSUER, jwks: jwks(issuerKey()) },
    audience: AUDIENCE,
    now: () => NOW,
  })
  const accessClaims = { sub: 'user-1', exp: NOW + 300, client_id: 'client-1', scope: 'billing:read' }

  it('never takes an event for an access token', async () => {
    await expect(server.verify(set())).rejects.toMatchObject({ code: 'token_type_rejected' })
    await expect(server.verify(set(accessClaims))).rejects.toMatchObject({ code: 'token_type_rejected' })
    expect(await server.verify(set(accessClaims, { header: { typ: 'at+jwt' } }))).toMatchObject({ subject: 'user-1' })
  })

  it('never takes an access token for an event', async () => {
    const { send, entries } = createScene()
    const events = { events: { [sessionRevoked]: {} }, sub_id: user }
    expect((await send(mint(events))).status).toBe(400)
    expect((await send(mint({ ...events, sub: undefined, exp: undefined }))).status).toBe(400)
    expect(entries()).toEqual([])
    const alike = mint({ ...events, sub: undefined, exp: undefined }, { header: { typ: 'secevent+jwt' } })
    expect((await send(alike)).status).toBe(202)
  })
})

const moment = { issuer: ISSUER, issuedAt: NOW - 5 }
const party = (id: string) => [
  { subject: id, ...moment },
  { actor: id, ...moment },
]
const complex = (members: Json) => ({ format: 'complex', ...members })
const opaque = (id: string) => ({ format: 'opaque', id })

const meanings: readonly (readonly [what: string, type: string, subject: Json, revocations: readonly Json[]])[] = [
  ['a party', sessionRevoked, user, party('user-1')],
  ['an opaque name', sessionRevoked, opaque('x'), [{ session: 'x', ...moment }, ...party('x')]],
  [
    'a session',
    sessionRevoked,
    complex({ session: opaque('s'), user, tenant: opaque('t') }),
    [{ session: 's', ...moment }],
  ],
  ['a party on a device', sessionRevoked, complex({ user, device: opaque('d'), tenant: opaque('t') }), party('user-1')],
  ['a transaction', sessionRevoked, complex({ transaction: opaque('t'), user }), [{ transaction: 't', ...moment }]],
  ['a grant', sessionRevoked, complex({ grant: opaque('g'), user }), [{ grant: 'g', ...moment }]],
  ['a party at an application', sessionRevoked, complex({ application: opaque('c'), user }), party('user-1')],
  ['an application', sessionRevoked, complex({ application: opaque('c') }), [{ client: 'c', ...moment }]],
  ['an actor', sessionRevoked, complex({ actor: { ...user, sub: 'agent:x' } }), [{ actor: 'agent:x', ...moment }]],
  [
    'a session in words unknown',
    sessionRevoked,
    complex({ session: { format: 'uri', uri: 'a:b' }, user }),
    party('user-1'),
  ],
  ['a complex subject as it was once', sessionRevoked, { session: opaque('s') }, [{ session: 's', ...moment }]],
  [
    'aliases',
    accountDisabled,
    { format: 'aliases', identifiers: [user, { format: 'email', email: 'a@b' }, { ...user, iss: OTHER_ISSUER }] },
    party('user-1'),
  ],
  ['a party', accountDisabled, user, party('user-1')],
  ['an opaque name', accountDisabled, opaque('x'), party('x')],
  ['a party as it was once', accountDisabled, { subject_type: 'iss-sub', iss: ISSUER, sub: 'user-1' }, party('user-1')],
  ['a party', 'https://schemas.openid.net/secevent/risc/event-type/account-purged', user, party('user-1')],
  ['a party', 'https://schemas.openid.net/secevent/risc/event-type/sessions-revoked', user, party('user-1')],
  ['a token', claimsChange, { format: 'jwt_id', iss: ISSUER, jti: 'token-1' }, [{ tokenId: 'token-1', ...moment }]],
  ['a party', claimsChange, user, party('user-1')],
  ['a party', credentialChange, user, party('user-1')],
]

describe('what an event withdraws', () => {
  it.each(meanings)('%s: %s', async (_what, type, subject, revocations) => {
    for (const shape of ['now', 'once']) {
      const { send, entries, events, codes } = createScene()
      const claims = { event_timestamp: NOW - 5, ...(shape === 'once' && { subject }) }
      const answer = await send(set({ sub_id: shape === 'now' ? subject : undefined, events: { [type]: claims } }))
      expect(answer.status).toBe(202)
      expect(entries()).toHaveLength(revocations.length)
      expect(entries()).toEqual(expect.arrayContaining([...revocations]))
      expect(events).toMatchObject([{ type, subject, revocations }])
      expect(codes()).toEqual([])
    }
  })

  it.each([
    ['create', 0],
    ['revoke', 2],
    ['update', 2],
    ['delete', 2],
    ['something', 2],
    [undefined, 2],
  ])('by a credential change %s: %i watermarks', async (change, count) => {
    const { send, entries, events, codes } = createScene()
    const claims = { credential_type: 'password', change_type: change }
    expect((await send(set({ events: { [credentialChange]: claims } }))).status).toBe(202)
    expect(entries()).toHaveLength(count)
    expect(events).toHaveLength(1)
    expect(codes()).toEqual([])
  })

  it.each([
    ['event_timestamp', { event_timestamp: NOW - 50 }, {}, NOW - 50],
    ['event_timestamp before toe', { event_timestamp: NOW - 50 }, { toe: NOW - 70 }, NOW - 50],
    ['toe', {}, { toe: NOW - 70 }, NOW - 70],
    ['iat', {}, {}, NOW],
    ['iat where the time is nonsense', { event_timestamp: '2020-01-01' }, {}, NOW],
    ['iat where the time is before all time', { event_timestamp: -1 }, {}, NOW],
    ['the clock where the time is in milliseconds', { event_timestamp: NOW * 1000 }, {}, NOW + 5],
    ['the clock where iat is ahead', {}, { iat: NOW + 1000 }, NOW + 5],
  ])('up to %s', async (_what, claims, changes, issuedAt) => {
    const { send, entries } = createScene()
    expect((await send(set({ ...changes, events: { [sessionRevoked]: claims } }))).status).toBe(202)
    expect(entries()).toMatchObject([{ issuedAt }, { issuedAt }])
  })

  it('nothing, for an event from long ago', async () => {
    const { send, entries } = createScene()
    expect((await send(set({ iat: NOW - 1_000_000, events: { [sessionRevoked]: {} } }))).status).toBe(202)
    expect(entries()).toEqual([])
  })

  it('an actor of an issuer that this one vouches for, and not its subjects', async () => {
    const trust = trustIn(ISSUER, issuerKey(), { actorIssuers: new Set([ACTOR_ISSUER]) })
    const { send, entries } = createScene({ issuers: new Map([[ISSUER, trust]]) })
    const agent = { format: 'iss_sub', iss: ACTOR_ISSUER, sub: 'agent:x' }
    expect((await send(set({ sub_id: complex({ session: agent }) }))).status).toBe(400)
    expect((await send(set({ sub_id: agent }))).status).toBe(202)
    expect((await send(set({ sub_id: complex({ actor: { ...agent, sub: 'agent:y' } }) }))).status).toBe(202)
    expect(entries()).toMatchObject([
      { actor: 'agent:x', issuer: ACTOR_ISSUER },
      { actor: 'agent:y', issuer: ACTOR_ISSUER },
    ])
  })

  it('what each issuer names as its own', async () => {
    const { send, list } = createScene()
    await send(set({ iss: OTHER_ISSUER, sub_id: opaque('user-1') }, { key: otherKey }))
    expect(list.isRevoked(token({ issuedAt: NOW - 10 }))).toBe(false)
    expect(list.isRevoked(token({ issuedAt: NOW - 10, issuer: OTHER_ISSUER }))).toBe(true)
  })
})

describe('what is acknowledged and ignored', () => {
  it.each([
    ['an unknown event', { events: { 'https://example.com/event': {} } }],
    ['an unknown event without subject', { sub_id: undefined, events: { 'https://example.com/event': {} } }],
    ['an e-mail address', { sub_id: { format: 'email', email: 'a@example.com' } }],
    ['a phone number', { sub_id: { format: 'phone_number', phone_number: '+1' } }],
    ['a format unknown', { sub_id: { format: '__proto__', id: 'a' } }],
    ['a format that is no text', { sub_id: { subject_type: 7, id: 'a' } }],
    ['a tenant', { sub_id: complex({ tenant: opaque('t') }) }],
    [
      'somebody unknown at an application',
      { sub_id: complex({ user: { format: 'email', email: 'a@b' }, application: opaque('c') }) },
    ],
  ])('%s', async (_what, changes) => {
    const { send, entries, events, codes, warnings } = createScene()
    const body = set(changes)
    expect((await send(body)).status).toBe(202)
    expect(entries()).toEqual([])
    expect(events).toMatchObject([{ issuer: ISSUER, revocations: [] }])
    expect(codes()).toEqual(['security_event_ignored'])
    expect(leaks(JSON.stringify(warnings), tokenSecrets(body))).toEqual([])
  })

  it('a verification event, which is reported with its state', async () => {
    const { send, entries, events, codes } = createScene()
    const answer = await send(set({ sub_id: opaque('stream-1'), events: { [verification]: { state: 'abc' } } }))
    expect(answer.status).toBe(202)
    expect(entries()).toEqual([])
    expect(events).toMatchObject([{ type: verification, subject: { id: 'stream-1' }, claims: { state: 'abc' } }])
    expect(codes()).toEqual([])
  })
})

describe('an event that comes again', () => {
  it('is acknowledged, and reported once', async () => {
    const { send, events, list } = createScene()
    const body = set()
    const answers = await Promise.all([send(body), send(body), send(body)])
    answers.push(await send(body))
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202])
    expect(events).toHaveLength(1)
    expect(list.size).toBe(2)
  })

  it('is told apart by issuer and jti', async () => {
    const { send, events } = createScene()
    await send(set({ jti: 'same' }))
    await send(set({ jti: 'same', sub_id: opaque('other') }))
    await send(set({ jti: 'same', iss: OTHER_ISSUER, sub_id: opaque('a') }, { key: otherKey }))
    expect(events.map(({ issuer }) => issuer)).toEqual([ISSUER, OTHER_ISSUER])
  })

  it('changes nothing where it is forgotten: after ten thousand others, or in another process', async () => {
    const { send, receiver, events, entries } = createScene()
    const first = set()
    await send(first)
    await send(set({ events: { [sessionRevoked]: { event_timestamp: NOW } } }))
    const before = entries()
    const others = Array.from({ length: 10_000 }, () => set({ events: { [verification]: {} } }))
    for (const body of others) expect((await receiver.receive(body, TYPE)).status).toBe(202)
    await send(first)
    expect(events).toHaveLength(10_003)
    expect(entries()).toEqual(before)
    expect(before).toMatchObject([{ issuedAt: NOW }, { issuedAt: NOW }])
  })
})

describe('when something else fails', () => {
  it.each([
    [
      'at once',
      () => {
        throw new Error('full')
      },
    ],
    ['later', () => Promise.reject(new Error('lost'))],
  ])('503 where the revocation cannot be kept, %s, and success when it is sent again', async (_when, fail) => {
    const list = createRevocationList({ now: () => NOW })
    let failing = true
    const { send, events, codes, warnings } = createScene({
      revocations: { revoke: (revocation) => (failing ? fail() : list.revoke(revocation)) },
    })
    const body = set()
    const [one, two] = await Promise.all([send(body), send(body)])
    expect(one).toEqual({ status: 503, headers: { 'Cache-Control': 'no-store', 'Retry-After': '5' }, body: '' })
    expect(two.status).toBe(503)
    expect(events).toEqual([])
    expect(codes()).toContain('security_event_failed')
    expect(
      leaks(JSON.stringify(warnings.map(({ message, cause }) => [message, String(cause)])), tokenSecrets(body)),
    ).toEqual([])

    failing = false
    expect((await send(body)).status).toBe(202)
    expect(events).toHaveLength(1)
    expect(list.size).toBe(2)
  })

  it('waits until a revocation is kept', async () => {
    let kept = 0
    const { send } = createScene({
      revocations: {
        async revoke() {
          await new Promise((resolve) => setTimeout(resolve, 20))
          kept += 1
        },
      },
    })
    expect((await send(set())).status).toBe(202)
    expect(kept).toBe(2)
  })

  it('503 where the keys cannot be had, without a fetch for what cannot count anyway', async () => {
    let fetches = 0
    const keys = createIssuerKeys(
      { issuer: ISSUER, jwksUri: 'http://127.0.0.1:9/jwks', jwks: undefined },
      {
        times: { cacheMaxAge: 1000, cooldownDuration: 1000, cacheMaxAgeFallback: 0, timeoutDuration: 1000 },
        onWarning() {
          fetches += 1
        },
        now: () => NOW,
      },
    )
    const { send, codes, entries } = createScene({
      issuers: new Map([[ISSUER, trustIn(ISSUER, issuerKey(), { keys })]]),
    })
    expect((await send(set({ aud: 'https://other.example.com' }))).status).toBe(400)
    expect((await send(set({ jti: 7 }))).status).toBe(400)
    expect(fetches).toBe(0)
    const answer = await send(set())
    expect(answer).toMatchObject({ status: 503, body: '' })
    expect(fetches).toBe(1)
    expect(entries()).toEqual([])
    expect(codes()).toEqual([])
    keys.close()
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('202 where the listener %s', async (_what, onEvent) => {
    const { send, entries } = createScene({ onEvent })
    expect((await send(set())).status).toBe(202)
    expect(entries()).toHaveLength(2)
  })

  it('202 without a listener', async () => {
    const { send, entries } = createScene({ onEvent: undefined })
    expect((await send(set())).status).toBe(202)
    expect(entries()).toHaveLength(2)
  })

  it('503 where the clock fails', async () => {
    const { send } = createScene({
      now: () => {
        throw new TypeError('no time')
      },
    })
    expect((await send(set())).status).toBe(503)
  })
})
