import { deflateSync } from 'node:zlib'
import type { IntrospectionOptions } from '@behalf/core'
import { expect } from 'vitest'
import { type Endpoint, type Reply, raw, startEndpoint } from '../introspection/endpoint.js'
import { type Listing, send, startListServer, statusList } from '../revocation/list-server.js'
import type { Api } from '../support/api.js'
import type { TargetName } from '../support/targets.js'
import { claims, createKey, delegated, forge, ISSUER, issuerKey, type Json, mint, NOW } from '../support/token.js'
import { expectAllowed, expectRefused } from './answer.js'
import type { Code } from './error-table.js'
import { createSuite, withApi } from './suite.js'

const { proves } = createSuite()
const client = { id: 'billing-api', secret: 'a secret of this test alone' }
const active = (changes: Json = {}): Json => ({ active: true, token_type: 'Bearer', ...claims(changes) })

/** An API that takes opaque tokens and asks anew for each request, and the endpoint it asks. */
async function asking(
  target: TargetName,
  body: (api: Api, endpoint: Endpoint) => Promise<void>,
  options: Partial<IntrospectionOptions> = {},
): Promise<void> {
  const endpoint = await startEndpoint(active())
  const introspection = { endpoint: endpoint.url, mode: 'opaque', client, ttl: 0, ...options } as const
  try {
    await withApi(target, { options: { introspection } }, (api) => body(api, endpoint))
  } finally {
    await endpoint.close()
  }
}

const opaque = { token: 'an-opaque-token' }
const judged: readonly (readonly [Code, Json])[] = [
  ['token_revoked', { active: false }],
  ['issuer_untrusted', active({ iss: 'https://other.example.com' })],
  ['audience_mismatch', active({ aud: 'https://other.example.com' })],
  ['token_expired', active({ iat: NOW - 300, exp: NOW - 60 })],
  ['token_type_rejected', active({ token_type: 'refresh_token' })],
  ['binding_required', active({ cnf: { jkt: 'A'.repeat(43) } })],
  ['binding_unsupported', active({ cnf: { kid: 'a key' } })],
  ['delegation_malformed', active({ act: 'agent:support' })],
]

proves('RFC7662-2.2-opaque', async ({ target }) => {
  await asking(target, async (api, endpoint) => {
    for (const [code, reply] of judged) {
      endpoint.reply = reply
      expectRefused(await api.call(opaque), code)
      endpoint.reply = active()
      expectAllowed(await api.call(opaque))
    }
    endpoint.reply = { active: true, token_type: 'Bearer', ...delegated() }
    const { response } = await api.call({ ...opaque, path: '/support' })
    expect(JSON.parse(response.body.toString())).toMatchObject({
      subject: 'user-1',
      actor: { subject: 'agent:support' },
    })
    endpoint.reply = active({ scope: 'billing:write' })
    expectRefused(await api.call(opaque), 'scope_insufficient', { scope: 'billing:read' })
    const asked = endpoint.questions.length
    expectAllowed(await api.call(mint()))
    expect(endpoint.questions).toHaveLength(asked)
  })
})

const unusable: readonly Reply[] = [
  raw(500, { 'Content-Type': 'application/json' }, '{"active":true}'),
  raw(200, { 'Content-Type': 'text/html' }, '{"active":true}'),
  { active: 'true' },
  {},
]
proves('RFC7662-4-fails', async ({ target }) => {
  await asking(target, async (api, endpoint) => {
    for (const reply of unusable) {
      endpoint.reply = reply
      expectRefused(await api.call(opaque), 'introspection_unavailable')
      expectAllowed(await api.call(mint()))
    }
    endpoint.reply = active()
    expectAllowed(await api.call(opaque))
  })
})

/** An answer of RFC 9701 section 5. */
function signedAnswer(changes: Json = {}, header: Json = {}, key = issuerKey()): Reply {
  const text = forge({
    header: { alg: 'ES256', typ: 'token-introspection+jwt', kid: issuerKey().kid, ...header },
    claims: { iss: ISSUER, aud: client.id, iat: NOW, token_introspection: active(), ...changes },
    key,
  })
  return raw(200, { 'Content-Type': 'application/token-introspection+jwt' }, text)
}

proves('RFC9701-5-signed', async ({ target }) => {
  const wrong = [
    active(),
    signedAnswer({}, {}, createKey('ES256', issuerKey().kid)),
    signedAnswer({}, { typ: 'at+jwt' }),
    signedAnswer({ aud: 'another-api' }),
    signedAnswer({ iss: 'https://other.example.com' }),
    signedAnswer({ iat: NOW - 60 }),
  ]
  const check = async (api: Api, endpoint: Endpoint) => {
    for (const reply of wrong) {
      endpoint.reply = reply
      expectRefused(await api.call(opaque), 'introspection_unavailable')
      endpoint.reply = signedAnswer()
      expectAllowed(await api.call(opaque))
    }
    endpoint.reply = signedAnswer({ token_introspection: { active: false } })
    expectRefused(await api.call(opaque), 'token_revoked')
  }
  await asking(target, check, { signedResponses: 'required' })
})

type Lists = Awaited<ReturnType<typeof startListServer>>

/** An API that asks status lists, and the server that has them. */
async function listing(target: TargetName, body: (api: Api, lists: Lists) => Promise<void>): Promise<void> {
  const lists = await startListServer()
  try {
    await withApi(target, { options: { statusList: { hosts: [lists.host] } } }, (api) => body(api, lists))
  } finally {
    await lists.close()
  }
}

const pointing = (uri: string, idx = 0): string => mint({ status: { status_list: { uri, idx } } })

proves('STATUS-LIST-8.3-status', async ({ target }) => {
  await listing(target, async (api, lists) => {
    lists.serve({ bits: 2, statuses: [0, 1, 2, 3] })
    expectAllowed(await api.call(pointing(lists.uri(), 0)))
    for (const idx of [1, 2, 3]) expectRefused(await api.call(pointing(lists.uri(), idx)), 'token_revoked')
    for (const idx of [4, -1, 0.5]) expectRefused(await api.call(pointing(lists.uri(), idx)), 'claim_invalid')
    for (const status of ['valid', {}, null]) expectRefused(await api.call(mint({ status })), 'claim_invalid')
    expect(lists.requests).toHaveLength(1)
  })
})

/** So many bytes of a list in which every token is valid. */
const zeros = (size: number): string => deflateSync(Buffer.alloc(size)).toString('base64url')
const wrongLists: Readonly<Record<string, Listing>> = {
  '/forged': { key: createKey('ES256', issuerKey().kid) },
  '/typed': { header: { typ: 'JWT' } },
  '/moved': { claims: { sub: 'https://status.example.com/1' } },
  '/foreign': { claims: { iss: 'https://other.example.com' } },
  '/expired': { claims: { exp: NOW - 60 } },
  '/damaged': { list: { lst: 'AAAA' } },
  '/followed': { list: { lst: Buffer.concat([deflateSync(Buffer.alloc(8)), Buffer.alloc(1)]).toString('base64url') } },
  '/large': { list: { lst: zeros(2_097_153) } },
}
proves('STATUS-LIST-8.3-list', async ({ target }) => {
  await listing(target, async (api, lists) => {
    for (const [path, wrong] of Object.entries(wrongLists)) lists.serve(wrong, path)
    for (const path of ['/none', ...Object.keys(wrongLists)]) {
      expectRefused(await api.call(pointing(lists.uri(path))), 'revocation_unavailable')
    }
    expectAllowed(await api.call(mint()))
    lists.serve({ list: { lst: zeros(2_097_152) } })
    expectAllowed(await api.call(pointing(lists.uri())))
  })
})

proves('STATUS-LIST-11.3-host', async ({ target }) => {
  const elsewhere = await startListServer()
  try {
    await listing(target, async (api, lists) => {
      elsewhere.serve()
      lists.answer('/moved', (_request, response) => void response.writeHead(302, { location: elsewhere.uri() }).end())
      expectRefused(await api.call(pointing(elsewhere.uri())), 'claim_invalid')
      expectRefused(await api.call(pointing(lists.uri('/moved'))), 'revocation_unavailable')
      expect(elsewhere.requests).toEqual([])
      lists.answer('/lists/1', (_request, response) => send(response, statusList(lists.uri())))
      expectAllowed(await api.call(pointing(lists.uri())))
    })
  } finally {
    await elsewhere.close()
  }
})
