import type { TokenEndpointResponse } from 'oauth4webapi'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { billing, openPagesScene, type PagesScene, password } from '../auth-server/pages/scene.js'
import { createPerson, type Person } from '../auth-server/support/browserless.js'
import { type Api, openApi } from './api.js'

// A person signs in and decides with nothing but HTTP, cookies and forms; an agent calls an API for them.

let scene: PagesScene
let api: Api
let ada: Person
beforeAll(async () => {
  scene = await openPagesScene()
  api = await openApi(
    { issuer: scene.server.issuer, audience: billing },
    {
      '/customers/:id/bills': { scope: 'billing:read', delegation: 'required', actor: 'agent:support' },
      '/fresh': { scope: 'billing:read', maxAge: 60 },
    },
  )
})
beforeEach(async () => {
  await scene.empty()
  ada = createPerson(scene.server.issuer, { username: 'ada', password })
})
afterAll(async () => {
  await api.close()
  await scene.close()
})

const request = (parameters: Readonly<Record<string, string>> = {}) =>
  scene.begin({ scope: 'openid billing:read', parameters })

async function signIn(parameters: Readonly<Record<string, string>> = {}): Promise<TokenEndpointResponse> {
  const begun = await request(parameters)
  return begun.finish((await ada.authorize(begun.url)).answer.href)
}

/** Makes every sign-in older than it is: the engine has a clock of its own. */
async function growOld(seconds: number): Promise<void> {
  await scene.server.context.database.query(
    `update protocol_entities set content = jsonb_set(content, '{loginTs}', to_jsonb((content->>'loginTs')::bigint - $1::bigint))
     where model = 'Session'`,
    [seconds],
  )
}

/** What the support agent gets for a person. */
async function tokenFor(person: TokenEndpointResponse): Promise<string> {
  const answer = await scene.exchange(person.access_token, 'billing:read')
  expect(answer).not.toHaveProperty('error')
  return String(answer.access_token)
}

describe('a person, an agent and an API', () => {
  test('A17: sign-in, consent, exchange, and the API answers', async () => {
    const begun = await request()
    expect((await ada.open(begun.url)).html).toContain('type="password"')
    const { answer, read } = await ada.authorize(begun.url)
    expect(read).toContain('name="decision"')
    const person = await begun.finish(answer.href)
    expect((await api.call('/customers/user_a/bills', person.access_token)).status).toBe(401)
    expect(await api.call('/customers/user_a/bills', await tokenFor(person))).toEqual({
      status: 200,
      code: 'allowed',
      challenge: '',
      body: { subject: 'user_a', actor: 'agent:support', mode: 'delegated', scopes: ['billing:read'] },
    })
    expect((await api.call('/customers/user_b/bills', await tokenFor(person))).status).toBe(403)
  })

  test('A19: a route for who signed in lately asks for that, and a new sign-in is enough', async () => {
    expect((await api.call('/fresh', await tokenFor(await signIn()))).status).toBe(200)
    await growOld(90)
    const refused = await api.call('/fresh', await tokenFor(await signIn()))
    expect(refused.status).toBe(401)
    expect(refused.challenge).toContain('error="insufficient_user_authentication"')
    const [, maxAge = ''] = /max_age="?(\d+)/u.exec(refused.challenge) ?? []
    expect(maxAge).toBe('60')
    const again = await signIn({ max_age: maxAge })
    expect((await api.call('/fresh', await tokenFor(again))).status).toBe(200)
  })

  test('A22: the person reads which agent asks for what at which API; a denial is access_denied', async () => {
    const begun = await request()
    const { answer, read } = await ada.authorize(begun.url, 'deny')
    for (const text of ['Support agent', 'agent:support', 'Read your bills', 'billing:read', billing, 'Billing']) {
      expect(read).toContain(text)
    }
    expect(answer.searchParams.get('error')).toBe('access_denied')
    expect(answer.searchParams.get('code')).toBeNull()
    expect((await signIn()).scope).toContain('billing:read')
  })

  test('B17: the API saw one kind of credential: a token of the server, a fresh one each time', async () => {
    const before = api.credentials.length
    const person = await signIn()
    for (let call = 0; call < 3; call += 1) await api.call('/customers/user_a/bills', await tokenFor(person))
    const seen = api.credentials.slice(before)
    expect(new Set(seen).size).toBe(3)
    for (const credential of seen) expect(credential).toMatch(/^Bearer eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
  })
})

describe('a permission that is asked for each time', () => {
  test('A6: every use needs a consent of its own, of that person, for that agent and that permission', async () => {
    const begun = await scene.begin({ scope: 'openid billing:read billing:pay' })
    const person = await begun.finish((await ada.authorize(begun.url)).answer.href)
    const pay = () => scene.exchange(person.access_token, 'billing:pay')
    for (let use = 0; use < 2; use += 1) {
      expect(await pay()).toMatchObject({
        error: 'consent_required',
        consent_uri: expect.stringContaining('/approvals'),
      })
      expect(await ada.approveAll()).toBe(1)
      expect(await pay()).toMatchObject({ scope: 'billing:pay' })
    }
    expect(await pay()).toMatchObject({ error: 'consent_required' })
    const bob = createPerson(scene.server.issuer, { username: 'bob', password })
    expect(await bob.approveAll()).toBe(0)
    expect(await pay()).toMatchObject({ error: 'consent_required' })
  })
})
