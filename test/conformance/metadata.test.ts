import { expect } from 'vitest'
import { startApi } from '../support/api.js'
import { standardRoutes } from '../support/routes.js'
import { AUDIENCE, createKey, ISSUER, issuerKey, jwks, mint } from '../support/token.js'
import { headerValue } from '../support/wire.js'
import { expectAllowed, expectRefused, seenBy } from './answer.js'
import { createSuite } from './suite.js'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const url = `${AUDIENCE}${WELL_KNOWN}`
const { proves } = createSuite({ publish: true })
const quiet = createSuite()

proves('RFC9728-3.1-address', async (api) => {
  expect((await api.call({ path: WELL_KNOWN, events: 0 })).response.status).toBe(200)
  const resources = [
    ['https://api.example.com/billing', '/billing'],
    ['https://api.example.com/a/b', '/a/b'],
    ['https://api.example.com/', ''],
    ['https://api.example.com', ''],
    ['https://api.example.com/billing/', '/billing/'],
  ] as const
  for (const [resource, path] of resources) {
    const other = await startApi(api.target, { publish: true, options: { resource } })
    try {
      const outcome = await other.call({ path: `${WELL_KNOWN}${path}`, events: 0 })
      expect([resource, outcome.response.status]).toEqual([resource, 200])
      expect(seenBy(outcome).resource).toBe(resource)
      expectRefused(await other.call({}), 'token_missing', { metadata: `https://api.example.com${WELL_KNOWN}${path}` })
    } finally {
      await other.close()
    }
  }
})

proves('RFC9728-2-document', async (api) => {
  const outcome = await api.call({ path: WELL_KNOWN, events: 0 })
  expect(headerValue(outcome.response, 'Content-Type')).toBe('application/json')
  expect(seenBy(outcome)).toEqual({
    resource: AUDIENCE,
    authorization_servers: [ISSUER],
    scopes_supported: ['billing:admin', 'billing:read', 'billing:write'],
    bearer_methods_supported: ['header'],
  })
  const other = { issuer: 'https://other.example.com', jwks: jwks(createKey('ES256', 'other')) }
  const several = await startApi(api.target, {
    publish: true,
    routes: standardRoutes.filter(({ path }) => path === '/public' || path === '/direct'),
    options: {
      audience: 'billing',
      resource: 'https://api.example.com/billing',
      issuer: [{ issuer: ISSUER, jwks: jwks(issuerKey()) }, other],
    },
  })
  try {
    expect(seenBy(await several.call({ path: `${WELL_KNOWN}/billing`, events: 0 }))).toEqual({
      resource: 'https://api.example.com/billing',
      authorization_servers: [ISSUER, other.issuer],
      scopes_supported: [],
      bearer_methods_supported: ['header'],
    })
  } finally {
    await several.close()
  }
})

proves('RFC9728-5.1-challenge', async (api) => {
  const calls = [
    ['token_missing', {}],
    ['credentials_malformed', { authorization: 'Bearer' }],
    ['token_expired', mint({ exp: 1, iat: 0 })],
    ['subject_mismatch', { path: '/customers/user-2', token: mint() }],
    ['delegation_required', { path: '/delegated', token: mint() }],
  ] as const
  for (const [code, call] of calls) expectRefused(await api.call(call), code, { metadata: url })
  expectRefused(await api.call(mint({ scope: '' })), 'scope_insufficient', { scope: 'billing:read', metadata: url })
  expectAllowed(await api.call(mint()))
})
quiet.proves('RFC9728-5.1-challenge', async (api) => {
  expectRefused(await api.call({}), 'token_missing')
  expect((await api.call({ path: WELL_KNOWN, events: 0 })).response.status).toBe(404)
})

proves('BEHALF-metadata-methods', async (api) => {
  const get = await api.call({ path: WELL_KNOWN, events: 0 })
  const head = await api.call({ path: WELL_KNOWN, method: 'HEAD', events: 0 })
  expect(get.events).toEqual([])
  expect(head.response.status).toBe(200)
  expect(head.response.body.length).toBe(0)
  for (const name of ['Content-Type', 'Cache-Control', 'Content-Length']) {
    expect(headerValue(head.response, name), name).toBe(headerValue(get.response, name))
  }
  for (const authorization of ['Bearer x', 'Basic x']) {
    expect((await api.call({ path: WELL_KNOWN, authorization, events: 0 })).response.status).toBe(200)
  }
  expect((await api.call({ path: `${WELL_KNOWN}?resource=x`, events: 0 })).response.status).toBe(200)
  for (const path of [`${WELL_KNOWN}/x`, `${WELL_KNOWN}x`, '/x/.well-known/oauth-protected-resource']) {
    expect((await api.call({ path, events: 0 })).response.status, path).toBe(404)
  }
  for (const method of ['POST', 'DELETE']) {
    const { response } = await api.call({ path: WELL_KNOWN, method, body: '', events: 0 })
    expect([404, 405]).toContain(response.status)
  }
})

proves('BEHALF-metadata-not-from-request', async (api) => {
  const plain = await api.call({ path: WELL_KNOWN, events: 0 })
  const headers = [
    ['Host', 'evil.example'],
    ['X-Forwarded-Host', 'evil.example'],
    ['X-Forwarded-Proto', 'http'],
    ['Forwarded', 'host=evil.example'],
    ['Origin', 'https://evil.example'],
  ] as const
  const spoofed = await api.call({ path: WELL_KNOWN, headers, events: 0 })
  expect(spoofed.response.body.equals(plain.response.body)).toBe(true)
  expect(spoofed.response.raw.toString()).not.toMatch(/evil/)
  expectRefused(await api.call({ headers }), 'token_missing', { metadata: url })
})
