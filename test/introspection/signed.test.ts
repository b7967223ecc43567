import { describe, expect, test } from 'vitest'
import { AUDIENCE, createKey, forge, ISSUER, issuerKey, type Json, mint, NOW, type Part } from '../support/token.js'
import { type Reply, raw } from './endpoint.js'
import { active, client, inScene, type SceneOptions } from './scene.js'

const signed: SceneOptions = { options: { signedResponses: 'required' } }
const type = 'application/token-introspection+jwt'

interface Statement {
  readonly header?: Json
  readonly claims?: Json
  readonly key?: ReturnType<typeof createKey>
  readonly token_introspection?: Part
}

/** An answer of RFC 9701 section 5, signed by the issuer unless told otherwise. */
function sign({ header = {}, claims = {}, key = issuerKey(), ...rest }: Statement = {}): string {
  const said = 'token_introspection' in rest ? rest.token_introspection : active({ iss: ISSUER })
  return forge({
    header: { alg: 'ES256', typ: 'token-introspection+jwt', kid: issuerKey().kid, ...header },
    claims: { iss: ISSUER, aud: client.id, iat: NOW, token_introspection: said, ...claims },
    key,
  })
}

const says = (text: string, contentType = type): Reply => raw(200, { 'Content-Type': contentType }, text)

describe('a signed answer', () => {
  test.each<[string, Statement, string?]>([
    ['for the client', {}],
    ['for this API', { claims: { aud: AUDIENCE } }],
    ['for several', { claims: { aud: ['other', client.id] } }],
    ['with a media type in other letters', {}, `${type.toUpperCase()}; charset=utf-8`],
    ['with a longer typ', { header: { typ: 'application/token-introspection+jwt' } }],
    ['a little old', { claims: { iat: NOW - 20 } }],
    ['from a clock ahead', { claims: { iat: NOW + 5 } }],
  ])('%s is what is judged', async (_name, statement, contentType) => {
    await inScene(
      says(sign(statement), contentType),
      async ({ judge, endpoint }) => {
        expect(await judge()).toMatchObject({ subject: 'user-1', scopes: ['billing:read'] })
        expect(endpoint.questions[0]?.headers.accept).toBe(type)
      },
      signed,
    )
  })

  const bad: Readonly<Record<string, Reply>> = {
    'JSON instead': active(),
    'JSON that says it is signed': says(JSON.stringify(active())),
    'a signed text that says it is JSON': says(sign(), 'application/json'),
    'of another type: an access token': says(mint({ token_introspection: active() })),
    'with typ JWT': says(sign({ header: { typ: 'JWT' } })),
    'without typ': says(sign({ header: { typ: undefined } })),
    'signed by somebody': says(sign({ key: createKey('ES256', issuerKey().kid) })),
    'signed by a key that is not there': says(sign({ header: { kid: 'unknown' } })),
    'not signed': says(sign({ header: { alg: 'none' } }).replace(/[^.]*$/, '')),
    'without a signature': says(sign().replace(/[^.]*$/, '')),
    'with an algorithm that is not accepted': says(
      forge({
        header: { alg: 'RS256', typ: 'token-introspection+jwt', kid: 'rs256' },
        claims: { iss: ISSUER, aud: client.id, iat: NOW, token_introspection: active() },
        key: issuerKey('RS256'),
      }),
    ),
    'of another issuer': says(sign({ claims: { iss: 'https://other.example.com' } })),
    'of nobody': says(sign({ claims: { iss: undefined } })),
    'for another API': says(sign({ claims: { aud: 'orders-api' } })),
    'for nobody': says(sign({ claims: { aud: undefined } })),
    'without a date': says(sign({ claims: { iat: undefined } })),
    'with a date that is none': says(sign({ claims: { iat: String(NOW) } })),
    'from the future': says(sign({ claims: { iat: NOW + 6 } })),
    'recorded long ago': says(sign({ claims: { iat: NOW - 36 } })),
    'about nothing': says(sign({ token_introspection: undefined as never })),
    'about a text': says(sign({ token_introspection: 'active' })),
    'without active': says(sign({ token_introspection: { sub: 'user-1' } })),
    'active on the outside': says(sign({ claims: active(), token_introspection: {} })),
    encrypted: says('a.b.c.d.e'),
    garbage: says('garbage'),
  }

  test.each(Object.entries(bad))('%s is none', async (_name, reply) => {
    await inScene(
      reply,
      async ({ outcome, endpoint }) => {
        expect(await outcome()).toBe('introspection_unavailable')
        endpoint.reply = says(sign())
        expect(await outcome()).toBe('accepted')
      },
      signed,
    )
  })

  test('that says no is a no', async () => {
    await inScene(
      says(sign({ token_introspection: { active: false } })),
      async ({ outcome }) => expect(await outcome()).toBe('token_revoked'),
      signed,
    )
  })

  test('counts from the moment it was made', async () => {
    await inScene(
      says(sign({ claims: { iat: NOW - 20 } })),
      async ({ outcome, endpoint, clock }) => {
        expect(await outcome()).toBe('accepted')
        endpoint.reply = says(sign({ token_introspection: { active: false }, claims: { iat: NOW + 10 } }))
        clock.now = NOW + 9
        expect(await outcome()).toBe('accepted')
        clock.now = NOW + 10
        expect(await outcome()).toBe('token_revoked')
      },
      signed,
    )
  })

  test('is not asked for, and not taken, where JSON will do', async () => {
    await inScene(says(sign()), async ({ outcome, endpoint }) => {
      expect(await outcome()).toBe('introspection_unavailable')
      endpoint.reply = active()
      expect(await outcome()).toBe('accepted')
    })
  })
})
