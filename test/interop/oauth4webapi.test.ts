import { createResourceServer, type ResourceServer } from '@behalf/core'
import {
  clockTolerance,
  type JWKS,
  jwksCache,
  type AuthorizationServer as Oracle,
  validateJwtAccessToken,
} from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Algorithm,
  type AuthorizationServer,
  audiences,
  createAuthorizationServer,
} from './authorization-server.js'
import { type JsonObject, readClaims, type Signer } from './signer.js'

let issuer: AuthorizationServer
let metadata: Oracle
let jwks: JWKS
const resourceServers = new Map<Algorithm, ResourceServer>()

beforeAll(async () => {
  issuer = await createAuthorizationServer()
  metadata = { issuer: issuer.issuer, jwks_uri: issuer.jwksUri }
  jwks = (await (await fetch(issuer.jwksUri)).json()) as JWKS
  for (const algorithm of Object.keys(audiences) as Algorithm[]) {
    resourceServers.set(
      algorithm,
      createResourceServer({ issuer: issuer.issuer, audience: audiences[algorithm], clockTolerance: tolerance }),
    )
  }
})
afterAll(async () => {
  for (const server of resourceServers.values()) await server.close()
  await issuer.close()
})

/** What is made of a good token of the authorization server, signed again by its own key. */
interface Case {
  readonly name: string
  readonly claims?: (claims: JsonObject) => unknown
  readonly header?: JsonObject
  /** Anything that is not just other claims or another header. */
  readonly forge?: (token: string, signer: Signer) => string
  /** What Behalf answers. */
  readonly code: string
  /** Where Behalf refuses what oauth4webapi lets pass: why. */
  readonly stricter?: string
}

const tolerance = 60
const now = Math.floor(Date.now() / 1000)
const without =
  (name: string) =>
  (claims: JsonObject): JsonObject => ({ ...claims, [name]: undefined })
const flip = (text: string): string => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`)

const cases: readonly Case[] = [
  { name: 'as issued', forge: (token) => token, code: 'allowed' },
  { name: 'signed again', code: 'allowed' },
  { name: 'typ application/at+jwt', header: { typ: 'application/at+jwt' }, code: 'allowed' },
  { name: 'typ AT+JWT', header: { typ: 'AT+JWT' }, code: 'allowed' },
  { name: 'a claim more', claims: (claims) => ({ ...claims, tenant: 'acme' }), code: 'allowed' },
  { name: 'no scope', claims: without('scope'), code: 'allowed' },
  { name: 'nbf now', claims: (claims) => ({ ...claims, nbf: now }), code: 'allowed' },
  { name: 'expired within the tolerance', claims: (claims) => ({ ...claims, exp: now - 1 }), code: 'allowed' },
  { name: 'an audience list of one', claims: (claims) => ({ ...claims, aud: [claims.aud] }), code: 'allowed' },
  ...['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id'].map((name) => ({
    name: `no ${name}`,
    claims: without(name),
    code: name === 'iss' ? 'issuer_untrusted' : 'claim_missing',
  })),
  ...['sub', 'jti', 'client_id', 'exp', 'iat'].flatMap((name) =>
    [name === 'exp' || name === 'iat' ? String(now + 300) : 42, null, {}, []].map((value) => ({
      name: `${name} ${JSON.stringify(value)}`,
      claims: (claims: JsonObject) => ({ ...claims, [name]: value }),
      code: 'claim_invalid',
    })),
  ),
  { name: 'nbf as text', claims: (claims) => ({ ...claims, nbf: String(now) }), code: 'claim_invalid' },
  { name: 'expired', claims: (claims) => ({ ...claims, exp: now - 3600 }), code: 'token_expired' },
  { name: 'expired at the epoch', claims: (claims) => ({ ...claims, exp: 0 }), code: 'token_expired' },
  { name: 'not valid yet', claims: (claims) => ({ ...claims, nbf: now + 3600 }), code: 'token_not_yet_valid' },
  {
    name: 'another audience',
    claims: (claims) => ({ ...claims, aud: 'https://other.example.com' }),
    code: 'audience_mismatch',
  },
  {
    name: 'the audience with a slash more',
    claims: (claims) => ({ ...claims, aud: `${String(claims.aud)}/` }),
    code: 'audience_mismatch',
  },
  {
    name: 'another issuer',
    claims: (claims) => ({ ...claims, iss: 'https://evil.example' }),
    code: 'issuer_untrusted',
  },
  {
    name: 'the issuer with a slash more',
    claims: (claims) => ({ ...claims, iss: `${String(claims.iss)}/` }),
    code: 'issuer_untrusted',
  },
  { name: 'claims in an array', claims: (claims) => [claims], code: 'token_malformed' },
  { name: 'claims null', claims: () => null, code: 'token_malformed' },
  { name: 'an ID token', header: { typ: 'JWT' }, code: 'token_type_rejected' },
  { name: 'a logout token', header: { typ: 'logout+jwt' }, code: 'token_type_rejected' },
  { name: 'no typ', header: { typ: undefined }, code: 'token_type_rejected' },
  { name: 'crit', header: { crit: ['exp'] }, code: 'token_malformed' },
  { name: 'alg none', header: { alg: 'none' }, code: 'algorithm_rejected' },
  { name: 'alg HS256', header: { alg: 'HS256' }, code: 'algorithm_rejected' },
  { name: 'alg in lower case', header: { alg: 'es256' }, code: 'algorithm_rejected' },
  { name: 'an unknown kid', header: { kid: 'unknown' }, code: 'key_not_found' },
  { name: 'a changed signature', forge: (token) => token.replace(/[^.]+$/, flip), code: 'signature_invalid' },
  {
    name: 'changed claims',
    forge: (token) => {
      const [header, , signature] = token.split('.')
      const claims = Buffer.from(JSON.stringify({ ...readClaims(token), sub: 'admin' })).toString('base64url')
      return `${header}.${claims}.${signature}`
    },
    code: 'signature_invalid',
  },
  { name: 'two parts', forge: (token) => token.split('.').slice(0, 2).join('.'), code: 'token_malformed' },
  { name: 'four parts', forge: (token) => `${token}.AAAA`, code: 'token_malformed' },
  { name: 'no signature', forge: (token) => token.replace(/[^.]+$/, ''), code: 'token_malformed' },

  {
    name: 'iat in the future',
    claims: (claims) => ({ ...claims, iat: now + 3600, exp: now + 3900 }),
    code: 'token_not_yet_valid',
    stricter: 'a token from the future is a clock or an issuer gone wrong',
  },
  {
    name: 'a malformed chain',
    claims: (claims) => ({ ...claims, act: 'agent:support' }),
    code: 'delegation_malformed',
    stricter: 'it does not look at act',
  },
  {
    name: 'a delegated token for two APIs',
    claims: (claims) => ({
      ...claims,
      act: { sub: 'agent:support' },
      sub: 'user_1',
      aud: [claims.aud, 'https://other.example.com'],
    }),
    code: 'audience_mismatch',
    stricter: 'delegated tokens are for one API',
  },
  {
    name: 'a delegated token for a day',
    claims: (claims) => ({ ...claims, act: { sub: 'agent:support' }, sub: 'user_1', exp: now + 86_400 }),
    code: 'token_lifetime_too_long',
    stricter: 'agents carry short-lived tokens',
  },
  {
    name: 'an empty cnf',
    claims: (claims) => ({ ...claims, cnf: {} }),
    code: 'binding_unsupported',
    stricter: 'a token with cnf is never a plain bearer token',
  },
]

for (const algorithm of Object.keys(audiences) as Algorithm[]) {
  describe(`oauth4webapi and Behalf over ${algorithm} tokens`, () => {
    test.each(cases)('$name: $code', async ({ claims = (same: JsonObject) => same, header, forge, code, stricter }) => {
      const resourceServer = resourceServers.get(algorithm)
      if (resourceServer === undefined) throw new Error('not started')
      const signer = issuer.signers[algorithm]
      const issued = await issuer.direct(algorithm)
      const token = forge ? forge(issued, signer) : signer.sign(claims(readClaims(issued)), header)
      const request = new Request('https://billing.example.com/invoices', {
        headers: { Authorization: `Bearer ${token}` },
      })

      const decision = await resourceServer.authorize(request)
      const oracle = await validateJwtAccessToken(metadata, request, audiences[algorithm], {
        [jwksCache]: { jwks, uat: Math.floor(Date.now() / 1000) },
        [clockTolerance]: tolerance,
      }).then(
        () => 'allowed',
        () => 'refused',
      )

      expect(decision.allowed ? 'allowed' : decision.error.code).toBe(code)
      expect(oracle).toBe(stricter === undefined && code !== 'allowed' ? 'refused' : 'allowed')
    })
  })
}
