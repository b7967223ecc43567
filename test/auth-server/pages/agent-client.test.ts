import { afterAll, beforeAll, expect, it } from 'vitest'
import { billing, openPagesScene, type PagesScene, secret } from './scene.js'
import { createVisitor } from './visitor.js'

let scene: PagesScene
beforeAll(async () => {
  scene = await openPagesScene()
})
afterAll(() => scene.close())

/** Signs in, allows what is asked, and tells where it ends: an address of the application. */
async function answerOf(client: string, resource: string): Promise<string> {
  const { url } = await scene.begin({ client, scope: 'openid billing:pay', parameters: { resource } })
  return walk(url)
}

async function walk(url: string): Promise<string> {
  const { issuer } = scene.server
  const visitor = createVisitor(issuer)
  let at = url
  while (!at.startsWith(scene.callback)) {
    const page = await visitor.get(at)
    const onward = page.headers.get('location')
    if (onward !== null) {
      at = onward
      continue
    }
    const text = await page.text()
    const action = /<form[^>]* action="([^"]+)"/u.exec(text)?.[1] ?? ''
    const form_token = /name="form_token" value="([^"]+)"/u.exec(text)?.[1] ?? ''
    const fields = { form_token, username: 'ada', password: 'correct horse battery', decision: 'allow' }
    at = (await visitor.post(action, fields)).headers.get('location') ?? ''
  }
  return at
}

it("an agent's client gets no token of a person for an API: what is asked each time, it would have once and for all", async () => {
  const { issuer } = scene.server
  for (const resource of [billing, `${issuer}/admin`]) {
    expect(await answerOf('support-app', resource)).toMatch(/[?&]error=invalid_target/u)
    const body = new URLSearchParams({ scope: 'openid billing:pay', login_hint: 'user_a', resource })
    const headers = { authorization: `Basic ${btoa(`support-app:${secret}`)}` }
    const answer = await fetch(`${issuer}/backchannel`, { method: 'POST', headers, body })
    expect(await answer.json()).toMatchObject({ error: 'invalid_target' })
  }
  expect(await answerOf('support-app', issuer)).toMatch(/[?&]code=/u)
})

it('an application that a person uses gets one', async () => {
  expect(await answerOf('shop', billing)).toMatch(/[?&]code=/u)
})

it('an application that only signs people in gets a token without a scope, which is on record', async () => {
  const { url, finish } = await scene.begin({ client: 'shop', scope: 'openid' })
  const { access_token, id_token } = await finish(await walk(url))
  expect(id_token).toBeDefined()
  const record = await scene.server.context.tokens.verify(access_token)
  expect(record).toMatchObject({ kind: 'subject', subject: 'user_a', scope: [], resource: scene.server.issuer })
})

it('a request that names no scope is refused as such, before anybody signs in (RFC 6749 section 3.3)', async () => {
  const { url } = await scene.begin({ client: 'shop', scope: 'billing:pay', parameters: { resource: billing } })
  const without = new URL(url)
  without.searchParams.delete('scope')
  const ask = async (at: string | URL) => (await fetch(at, { redirect: 'manual' })).headers.get('location') ?? ''
  const answer = new URL(await ask(without))
  expect([answer.href.startsWith(scene.callback), answer.searchParams.get('error')]).toEqual([true, 'invalid_scope'])
  expect(await ask(url)).toMatch(/^\/interaction\//u)

  const headers = { authorization: `Basic ${btoa(`shop:${secret}`)}` }
  const push = async ({ searchParams: body }: URL) =>
    (await fetch(`${scene.server.issuer}/request`, { method: 'POST', headers, body })).json()
  expect(await push(without)).toMatchObject({ error: 'invalid_scope' })
  expect(await push(new URL(url))).toMatchObject({ request_uri: expect.any(String) })
})
