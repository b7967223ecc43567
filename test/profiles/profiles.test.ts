import { type AccessError, ConfigurationError, createResourceServer, rfc9068, type VerifiedToken } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import * as presets from '../../packages/core/dist/token/presets.js'
import { createKey, forge, issuerKey, jwks, NOW } from '../support/token.js'
import { type Accepted, type DocumentedIssuer, documentedIssuers, type Written } from './documented.js'

const key = issuerKey('RS256')

function serverFor({ issuer, audience, profile }: Pick<DocumentedIssuer, 'issuer' | 'audience' | 'profile'>) {
  return createResourceServer({
    issuer: { issuer, jwks: jwks(key), profile },
    audience,
    maxTokenLifetime: { delegated: 3_600 },
    now: () => NOW,
  })
}

const sign = ({ header, claims }: Written): string => forge({ header, claims, key })

async function refusal(verifying: Promise<VerifiedToken>): Promise<string | undefined> {
  return verifying.then(
    () => undefined,
    (error: unknown) => (error as AccessError).code,
  )
}

describe.each(Object.entries(documentedIssuers))('%s', (_name, documented) => {
  const server = serverFor(documented)

  test.each(Object.entries(documented.accepted))('accepts %s', async (_case, accepted) => {
    const verified = await server.verify(sign(accepted))
    expect(verified).toMatchObject({ issuer: documented.issuer, ...accepted.expected })
    expect(verified.delegation).toEqual(accepted.expected.delegation ?? [])
    expect(verified.claims).toEqual(JSON.parse(JSON.stringify(accepted.claims)))
  })

  test.each(Object.entries(documented.refused))('refuses %s', async (_case, refused) => {
    expect(await refusal(server.verify(sign(refused)))).toBe(refused.code)
    expect(await refusal(server.verify(sign(documented.accepted[refused.twin] as Accepted)))).toBeUndefined()
  })

  const [good] = Object.values(documented.accepted)

  test('refuses its token when another key signed it, and when it has expired', async () => {
    if (good === undefined) throw new Error('nothing is accepted')
    const forged = forge({ ...good, key: createKey('RS256', key.kid) })
    expect(await refusal(server.verify(forged))).toBe('signature_invalid')
    expect(await refusal(server.verify(sign({ ...good, claims: { ...good.claims, exp: NOW - 5 } })))).toBe(
      'token_expired',
    )
    expect(await refusal(server.verify(sign(good)))).toBeUndefined()
  })

  test('is refused without its preset', async () => {
    if (good === undefined) throw new Error('nothing is accepted')
    expect(await refusal(serverFor({ ...documented, profile: rfc9068() }).verify(sign(good)))).toBe(
      'token_type_rejected',
    )
  })
})

test('a preset takes what is given to it, and is frozen', () => {
  for (const preset of Object.values(presets)) {
    expect(preset({ scopeClaims: ['permissions'] })).toMatchObject({
      name: preset.name,
      scopeClaims: ['permissions'],
      tokenIdClaims: preset().tokenIdClaims,
    })
    expect(Object.isFrozen(preset())).toBe(true)
  }
})

test('cognito goes by the app client where that is asked for', async () => {
  const { issuer, accepted } = documentedIssuers.cognito as DocumentedIssuer
  const token = sign(accepted['a user'] as Accepted)
  const byClient = presets.cognito({ audience: ({ client_id: client }) => client })
  const mine = serverFor({ issuer, audience: 'xxxxxxxxxxxxexample', profile: byClient })
  const another = serverFor({ issuer, audience: 'yyyyyyyyyyyyexample', profile: byClient })
  expect(await mine.verify(token)).toMatchObject({ audience: ['xxxxxxxxxxxxexample'] })
  expect(await refusal(another.verify(token))).toBe('audience_mismatch')
})

test('a list of scopes by a function of its own counts only where lists do', async () => {
  const { issuer, audience, accepted } = documentedIssuers['entra v2.0'] as DocumentedIssuer
  const token = sign(accepted['a daemon'] as Accepted)
  const textOnly = serverFor({ issuer, audience, profile: presets.entra({ scopeArrays: false }) })
  expect(await refusal(textOnly.verify(token))).toBe('claim_invalid')
})

describe('a profile must say what proves an access token', () => {
  const create = (profile: object) => () =>
    serverFor({ issuer: 'https://auth.example.com', audience: 'https://api.example.com', profile: profile as never })
  const isAccessToken = () => true

  test.each([
    ['jwt as a type', rfc9068({ types: ['jwt'] }), rfc9068({ types: ['jwt'], isAccessToken })],
    ['jwt beside at+jwt', rfc9068({ types: ['at+jwt', 'jwt'] }), rfc9068({ types: ['at+jwt', 'jwt'], isAccessToken })],
    ['no type', rfc9068({ typeRequired: false }), rfc9068({ typeRequired: false, isAccessToken })],
  ])('%s', (_name, wrong, right) => {
    expect(create(wrong)).toThrow(ConfigurationError)
    expect(create(wrong)).toThrow('issuer.profile.isAccessToken is required where typ does not prove an access token')
    expect(create(right)).not.toThrow()
  })

  test.each([
    ['typeRequired', 'no'],
    ['subjectClaims', []],
    ['scopes', 'scp'],
    ['audience', 'aud'],
    ['actor', 'azp'],
    ['isAccessToken', true],
  ])('%s of the wrong kind', (member, value) => {
    expect(create({ ...rfc9068(), [member]: value })).toThrow(`issuer.profile.${member} must be`)
  })

  test('an answer other than true is no proof', async () => {
    const { issuer, audience, accepted } = documentedIssuers.keycloak as DocumentedIssuer
    const token = sign(accepted['a user'] as Accepted)
    const unsure = (() => 'yes') as unknown as () => boolean
    const server = serverFor({ issuer, audience, profile: presets.keycloak({ isAccessToken: unsure }) })
    expect(await refusal(server.verify(token))).toBe('token_type_rejected')
  })
})
