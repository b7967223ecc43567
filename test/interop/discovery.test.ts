import { createResourceServer } from '@behalf/core'
import { expect, onTestFinished, test } from 'vitest'
import { type AuthorizationServer, audiences, createAuthorizationServer } from './authorization-server.js'

const oauth = '/.well-known/oauth-authorization-server'
const openid = '/.well-known/openid-configuration'

const start = async (path: string): Promise<AuthorizationServer> => {
  const issuer = await createAuthorizationServer(path)
  onTestFinished(() => issuer.close())
  return issuer
}

const authorize = async (issuer: AuthorizationServer, name = issuer.issuer) => {
  const server = createResourceServer({ issuer: name, audience: audiences.ES256 })
  onTestFinished(() => server.close())
  const token = await issuer.direct('ES256')
  const decision = await server.authorize(
    new Request('https://billing.example.com/invoices', { headers: { Authorization: `Bearer ${token}` } }),
  )
  return decision.allowed ? 'allowed' : decision.error.code
}

for (const path of ['', '/tenant', '/a/b']) {
  test(`oidc-provider at ${path || 'its root'} is discovered by RFC 8414`, async () => {
    const issuer = await start(path)
    expect(await authorize(issuer)).toBe('allowed')
    expect(issuer.paths.filter((each) => each !== `${path}/token`)).toEqual([`${oauth}${path}`, `${path}/jwks`])
  })

  test(`oidc-provider at ${path || 'its root'} is discovered by OpenID Connect Discovery where RFC 8414 is not served`, async () => {
    const issuer = await createAuthorizationServer(path, { withoutOauthDiscovery: true })
    onTestFinished(() => issuer.close())
    expect(await authorize(issuer)).toBe('allowed')
    expect(issuer.paths.filter((each) => each !== `${path}/token`)).toEqual([
      `${oauth}${path}`,
      `${path}${openid}`,
      `${path}/jwks`,
    ])
  })
}

test('an issuer is not another one that differs by a slash', async () => {
  const issuer = await start('/tenant')
  expect(await authorize(issuer, `${issuer.issuer}/`)).toBe('issuer_untrusted')
})

test('metadata under a name the issuer does not give itself is refused', async () => {
  const issuer = await start('')
  const name = issuer.issuer.replace('127.0.0.1', 'localhost')
  const server = createResourceServer({ issuer: name, audience: audiences.ES256 })
  onTestFinished(() => server.close())
  await expect(server.ready()).rejects.toMatchObject({ code: 'keys_unavailable' })
})

test('ready() fetches the keys, so that the first request does not', async () => {
  const issuer = await start('/tenant')
  const server = createResourceServer({ issuer: issuer.issuer, audience: audiences.RS256 })
  onTestFinished(() => server.close())
  await server.ready()
  const asked = issuer.paths.length
  const token = await server.verify(await issuer.delegated('RS256', 'user_1', 'agent:support'))
  expect(token.delegation).toEqual([{ subject: 'agent:support', issuer: issuer.issuer }])
  expect(issuer.paths.slice(asked)).toEqual(['/tenant/token'])
})
