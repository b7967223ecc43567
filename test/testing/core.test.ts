import {
  AccessError,
  createResourceServer,
  type Decision,
  type ErrorCode,
  errorCodes,
  type ResourceServer,
  type ResourceServerOptions,
} from '@behalf/core'
import { badTokens, createTestIssuer, malformedActs, type TestIssuer } from '@behalf/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const audience = 'https://billing.example.com'
const delegatedSpec = { subject: 'user-1', audience, actor: 'agent:support', scope: 'billing:read' }
const directSpec = { subject: 'user-1', audience, scope: 'billing:read' }

let listening: TestIssuer
let silent: TestIssuer
const servers: ResourceServer[] = []

beforeAll(async () => {
  ;[listening, silent] = await Promise.all([createTestIssuer(), createTestIssuer({ listen: false })])
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()))
  await listening.close()
})

const serve = (options: Omit<ResourceServerOptions, 'audience'>): ResourceServer => {
  const server = createResourceServer({ audience, ...options })
  servers.push(server)
  return server
}

const present = (server: ResourceServer, token: string): Promise<Decision> =>
  server.authorize(new Request(audience, { headers: { authorization: `Bearer ${token}` } }))

const codeOf = async (decided: Promise<Decision>): Promise<ErrorCode | 'allowed'> => {
  const decision = await decided
  return decision.allowed ? 'allowed' : decision.error.code
}

test('the catalogue knows no code but those there are', () => {
  expect(badTokens.map(({ code }) => code).filter((code) => !errorCodes.some((known) => known === code))).toEqual([])
})

const ways = [
  ['a discovered issuer', () => listening, (issuer: TestIssuer) => issuer.issuer],
  ['an issuer without a network', () => silent, (issuer: TestIssuer) => issuer.trusted()],
] as const

describe.each(ways)('%s', (_, issuerOf, trust) => {
  describe.each([
    ['delegated', delegatedSpec],
    ['direct', directSpec],
  ])('%s', (_mode, spec) => {
    test.each(badTokens)('$kind gives $code, its good twin passes', async ({ kind, options, ...expected }) => {
      const issuer = issuerOf()
      const server = serve({ issuer: trust(issuer), ...options })
      await expect(codeOf(present(server, await issuer.token(spec)))).resolves.toBe('allowed')

      const decision = await present(server, await issuer.bad[kind](spec))
      if (decision.allowed) throw new Error('allowed')
      const { error, status, body } = decision
      expect(error.code).toBe(expected.code)
      expect(status).toBe(expected.status)
      expect(JSON.parse(body)).toMatchObject({ code: expected.wireCode, error: expected.error })
    })
  })

  test.each(['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti'] as const)(
    '%s missing or mistyped',
    async (claim) => {
      const issuer = issuerOf()
      const server = serve({ issuer: trust(issuer) })
      const [missing, invalid] =
        claim === 'iss' ? ['issuer_untrusted', 'issuer_untrusted'] : ['claim_missing', 'claim_invalid']
      expect(await codeOf(present(server, await issuer.bad.missingClaim(directSpec, claim)))).toBe(missing)
      expect(await codeOf(present(server, await issuer.bad.invalidClaim(directSpec, claim)))).toBe(invalid)
      expect(await codeOf(present(server, await issuer.token(directSpec)))).toBe('allowed')
    },
  )
})

describe('variants', () => {
  const verdict = async (token: Promise<string>) => codeOf(present(serve({ issuer: silent.trusted() }), await token))

  test.each(['pem', 'pem-trimmed', 'pem-crlf', 'der', 'jwk', 'jwks', 'empty'] as const)(
    'HS256 with %s',
    async (secret) => {
      expect(await verdict(silent.bad.hs256Confusion(directSpec, secret))).toBe('algorithm_rejected')
    },
  )

  test.each(['none', 'None', 'NONE', 'nOnE', '', 'es256'])('alg %j', async (algorithm) => {
    expect(await verdict(silent.bad.unsigned(directSpec, algorithm))).toBe('algorithm_rejected')
    expect(await verdict(silent.bad.algorithmNone(directSpec, algorithm))).toBe('algorithm_rejected')
  })

  test.each(malformedActs.map((act) => [JSON.stringify(act).slice(0, 80), act]))('act %s', async (_, act) => {
    expect(await verdict(silent.bad.malformedChain(directSpec, act))).toBe('delegation_malformed')
  })

  test('a chain of four passes where one of five does not', async () => {
    expect(await verdict(silent.bad.tooDeepChain(directSpec, 4))).toBe('allowed')
  })

  test('what the options forbid is allowed without them', async () => {
    for (const { kind } of badTokens.filter(({ options }) => options !== undefined)) {
      expect(await verdict(silent.bad[kind](delegatedSpec)), kind).toBe('allowed')
    }
  })
})

describe('with a resource server', () => {
  test('a planted key is never fetched', async () => {
    const server = serve({ issuer: listening.issuer, keySet: { cooldownDuration: 1 } })
    const before = listening.requests['/planted']
    expect(await codeOf(present(server, await listening.bad.plantedKeyUrl(directSpec)))).toBe('key_not_found')
    expect(listening.requests['/planted']).toBe(before)
  })

  test('both clocks move together', async () => {
    const issuer = await createTestIssuer({ listen: false })
    const server = serve({ issuer: issuer.trusted(), now: issuer.clock.now })
    const token = await issuer.token({ ...directSpec, lifetime: 60 })
    expect(await codeOf(present(server, token))).toBe('allowed')
    issuer.clock.advance(66)
    expect(await codeOf(present(server, token))).toBe('token_expired')
    expect(await codeOf(present(server, await issuer.token(directSpec)))).toBe('allowed')
  })

  test.each(['down', 'slow', 'dripping', 'hanging', 'error', 'garbage', 'redirect', 'huge'] as const)(
    'an issuer that is %s gives 503, and 200 when it is back',
    async (kind) => {
      const issuer = await createTestIssuer()
      const server = serve({
        issuer: issuer.issuer,
        keySet: { timeoutDuration: 150, cooldownDuration: 1 },
        onWarning: () => {},
      })
      try {
        const token = await issuer.token(directSpec)
        await issuer.outage(kind, { only: kind === 'down' ? undefined : 'keys' })
        expect(await codeOf(present(server, token))).toBe('keys_unavailable')
        expect(issuer.requests['/moved/jwks']).toBeUndefined()
        await issuer.outage(null)
        await expect.poll(() => codeOf(present(server, token)), { timeout: 3000 }).toBe('allowed')
      } finally {
        await issuer.close()
      }
    },
  )

  test('rotation passes without an error, withdrawal refuses', async () => {
    const issuer = await createTestIssuer()
    try {
      const server = serve({ issuer: issuer.issuer, now: issuer.clock.now })
      const oldToken = await issuer.token({ ...directSpec, lifetime: 36_000 })
      const { keyId } = issuer.signingKey
      expect(await codeOf(present(server, oldToken))).toBe('allowed')
      await issuer.rotateKeys()
      expect(await codeOf(present(server, await issuer.token(directSpec)))).toBe('allowed')
      expect(await codeOf(present(server, oldToken))).toBe('allowed')
      expect(issuer.requests['/jwks']).toBe(2)
      issuer.withdrawKey(keyId)
      issuer.clock.advance(601)
      expect(await codeOf(present(server, oldToken))).toBe('key_not_found')
      expect(await codeOf(present(server, await issuer.token(directSpec)))).toBe('allowed')
    } finally {
      await issuer.close()
    }
  })

  test('verify rejects with the same code', async () => {
    const refused = await serve({ issuer: silent.trusted() })
      .verify(await silent.bad.expired(directSpec))
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(AccessError)
    expect(refused).toMatchObject({ code: 'token_expired' })
  })
})
