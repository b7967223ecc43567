import * as oauth from 'oauth4webapi'
import { expect, test } from 'vitest'
import { AccessError } from '../../packages/core/dist/errors.js'
import { createScene, refusal, resource, token } from './scene.js'

const algorithms = ['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'Ed25519'] as const
const system = (): number => Date.now() / 1000

/** A client of oauth4webapi with a key of its own, and what it sends. */
const createClient = async (algorithm: (typeof algorithms)[number]) => {
  const pair = await oauth.generateKeyPair(algorithm)
  const DPoP = oauth.DPoP({}, pair)
  return {
    jkt: await DPoP.calculateThumbprint(),
    /** Makes a request, and answers it as it is told. */
    async request(url: string, method: string, answer: (request: Request) => Promise<Response>): Promise<Response> {
      return oauth.protectedResourceRequest(token, method, new URL(url), undefined, null, {
        DPoP,
        [oauth.customFetch]: async (to: string, init: RequestInit) => answer(new Request(to, init)),
      })
    },
  }
}

test.each(algorithms)('a proof of oauth4webapi is accepted: %s', async (algorithm) => {
  const { verifier } = await createScene({ now: system })
  const { jkt, request } = await createClient(algorithm)
  const uses: string[] = []
  for (const [method, path] of [
    ['GET', '/invoices/7?page=2'],
    ['POST', '/invoices/a%20b/%7Bc%7D'],
    ['DELETE', '/'],
  ] as const) {
    await request(`https://billing.example.com${path}`, method, async ({ headers, url }) => {
      expect(headers.get('authorization')).toBe(`DPoP ${token}`)
      const proof = headers.get('dpop')
      for (const seen of [path, url]) {
        const answer = verifier.verify({ proof, method, url: seen, token, jkt })
        if (seen === path) uses.push(await answer)
        else expect((await refusal(answer)).code).toBe('dpop_proof_replayed')
      }
      expect((await refusal(verifier.verify({ proof, method: 'PUT', url: path, token, jkt }))).code).toBe(
        'dpop_proof_invalid',
      )
      return new Response()
    })
  }
  expect(uses).toEqual(['first', 'first', 'first'])
})

test('oauth4webapi takes up the nonce it is given', async () => {
  const nonce = { secret: 'a secret of thirty-two bytes, or more', lifetime: 300 }
  const { verifier } = await createScene({ now: system, nonce })
  const { jkt, request } = await createClient('ES256')
  const codes: string[] = []
  const call = () =>
    request(resource, 'GET', async ({ headers }) => {
      const use = verifier.verify({ proof: headers.get('dpop'), method: 'GET', url: '/api', token, jkt })
      const code = await use.catch((error: unknown) => AccessError.from(error).code)
      codes.push(code)
      return new Response(null, {
        status: code === 'first' ? 200 : 401,
        headers: {
          'DPoP-Nonce': (await verifier.nonce()) ?? '',
          ...(code !== 'first' && { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"' }),
        },
      })
    })
  const first: unknown = await call().catch((error: unknown) => error)
  expect(oauth.isDPoPNonceError(first)).toBe(true)
  expect((await call()).status).toBe(200)
  expect((await call()).status).toBe(200)
  expect(codes).toEqual(['dpop_nonce_required', 'first', 'first'])
})

test('oauth4webapi accepts the proofs of the test key', async () => {
  const { createDpopKey, createTestIssuer } = await import('@behalf/testing')
  const issuer = await createTestIssuer()
  try {
    const key = await createDpopKey()
    const accessToken = await issuer.token({ subject: 'user-1', audience: resource, boundTo: key })
    const validate = async (proof: string) =>
      oauth.validateJwtAccessToken(
        { issuer: issuer.issuer, jwks_uri: issuer.jwksUri },
        new Request(`${resource}?page=2`, { headers: { authorization: `DPoP ${accessToken}`, dpop: proof } }),
        resource,
        { [oauth.allowInsecureRequests]: true },
      )
    const spec = { method: 'GET', url: `${resource}?page=2`, token: accessToken }
    expect(await validate(await key.proof(spec))).toMatchObject({ cnf: { jkt: key.jkt } })
    await expect(validate(await key.proof({ ...spec, method: 'POST' }))).rejects.toThrow()
    await expect(validate(await (await createDpopKey()).proof(spec))).rejects.toThrow()
  } finally {
    await issuer.close()
  }
})
