import { createDelegationClient, keyFrom } from '@behalf/agent'
import { describe, expect, test } from 'vitest'
import { json, privateJwk } from './stub.js'

const rfc8414 = '.well-known/oauth-authorization-server'
const openid = '.well-known/openid-configuration'

/** Asks for a token of a server that has these pages: what it says, and what it was asked for. */
async function ask(serverUrl: string, pages: Readonly<Record<string, () => Response>>) {
  const asked: string[] = []
  const client = createDelegationClient({
    serverUrl,
    clientId: 'support-app',
    key: keyFrom(privateJwk),
    dpop: false,
    retries: 0,
    fetch: async (input) => {
      const at = input instanceof Request ? input.url : input.toString()
      asked.push(at)
      return pages[at]?.() ?? json({ error: 'not_found' }, 404)
    },
  })
  const outcome = await client
    .getDelegationToken({ resource: 'https://billing.example.com', scope: 'billing:read' })
    .then(
      ({ accessToken }) => accessToken,
      (error: unknown) => error,
    )
  return { outcome, asked }
}

const token = (): Response => json({ access_token: 'a-token', token_type: 'Bearer', expires_in: 60 })

describe('the metadata of a server', () => {
  test.each([
    ['https://auth.example.com', `https://auth.example.com/${rfc8414}`, `https://auth.example.com/${openid}`],
    ['https://example.com/one', `https://example.com/${rfc8414}/one`, `https://example.com/one/${openid}`],
  ])('of %s are looked for by RFC 8414, and then by OpenID Connect Discovery', async (issuer, first, second) => {
    const endpoint = `${issuer}/token`
    const metadata = (): Response => json({ issuer, token_endpoint: endpoint })
    expect(await ask(issuer, { [first]: metadata, [second]: metadata, [endpoint]: token })).toEqual({
      outcome: 'a-token',
      asked: [first, endpoint],
    })
    expect(await ask(issuer, { [second]: metadata, [endpoint]: token })).toEqual({
      outcome: 'a-token',
      asked: [first, second, endpoint],
    })
    expect(await ask(issuer, { [endpoint]: token })).toEqual({
      outcome: expect.objectContaining({ code: 'server_misbehaves' }),
      asked: [first, second],
    })
  })

  test('are taken from nowhere else while the server is out of order, or names another issuer', async () => {
    const issuer = 'https://auth.example.com'
    const [first, second, endpoint] = [`${issuer}/${rfc8414}`, `${issuer}/${openid}`, `${issuer}/token`]
    const metadata = (): Response => json({ issuer, token_endpoint: endpoint })
    const other = (): Response => json({ issuer: 'https://other.example.com', token_endpoint: endpoint })
    const pages = { [second]: metadata, [endpoint]: token }
    expect(await ask(issuer, { ...pages, [first]: () => json({}, 503) })).toEqual({
      outcome: expect.objectContaining({ code: 'server_unavailable' }),
      asked: [first],
    })
    expect(await ask(issuer, { ...pages, [first]: other })).toEqual({
      outcome: expect.objectContaining({ code: 'server_misbehaves' }),
      asked: [first],
    })
    expect(await ask(issuer, { ...pages, [second]: other })).toEqual({
      outcome: expect.objectContaining({ code: 'server_misbehaves' }),
      asked: [first, second],
    })
  })
})
