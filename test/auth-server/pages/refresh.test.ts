import { afterAll, beforeAll, expect, it } from 'vitest'
import { billing, membersOf, openPagesScene, type PagesScene, secret } from './scene.js'
import { createVisitor } from './visitor.js'

let scene: PagesScene
beforeAll(async () => {
  scene = await openPagesScene()
})
afterAll(() => scene.close())

/** Signs in at an application, allows what it asks, and gets its refresh token. */
async function refreshToken(): Promise<string> {
  const { issuer } = scene.server
  const request = { client: 'shop', scope: 'openid offline_access billing:read', parameters: { prompt: 'consent' } }
  const { url, finish } = await scene.begin(request)
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
  return (await finish(at)).refresh_token ?? ''
}

async function refresh(token: string, fields: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> {
  const headers = { authorization: `Basic ${btoa(`shop:${secret}`)}` }
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token, ...fields })
  return membersOf(await fetch(`${scene.server.issuer}/token`, { method: 'POST', headers, body }))
}

it('a refresh token is not used up by a request that gets nothing', async () => {
  const token = await refreshToken()
  expect(await refresh(token, { resource: billing })).toMatchObject({ error: 'invalid_target' })
  expect(await refresh(token, { scope: 'openid billing:pay' })).toMatchObject({ error: 'invalid_scope' })
  const { accounts } = scene.server.context
  const { permissions = [] } = (await accounts.find('user_a')) ?? {}
  await accounts.change('user_a', { permissions: ['billing:pay'] })
  expect(await refresh(token)).toMatchObject({ error: 'invalid_scope' })
  await accounts.change('user_a', { permissions })
  const next = await refresh(token, { resource: scene.server.issuer })
  expect(next).toMatchObject({ scope: 'billing:read' })
  expect(await refresh(token)).toMatchObject({ error: 'invalid_grant' })
  expect(await refresh(String(next.refresh_token))).toMatchObject({ error: 'invalid_grant' })
})
