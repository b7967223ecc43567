import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixtures } from './fixtures.js'
import { type Admin, call, personToken, startAdmin } from './support.js'

let admin: Admin
let token: string
beforeAll(async () => {
  admin = await startAdmin()
  token = await personToken(admin)
  const makers = [
    'readAgent',
    'readClient',
    'readAccount',
    'readGrant',
    'readConsent',
    'readApproval',
    'readToken',
    'readSession',
  ]
  for (const name of makers) for (let i = 0; i < 4; i += 1) await fixtures[name]?.(admin)
  for (const role of ['a', 'b', 'c']) {
    const headers = { 'if-match': '*' }
    await call(admin, 'PATCH', '/policy/roles', { token, headers, body: { [role]: { permissions: [] } } })
  }
})
afterAll(() => admin.close())

const lists = [
  '/agents',
  '/clients',
  '/accounts',
  '/policy/versions',
  '/grants?agentId=agent:support',
  '/consents?subject=usr_ben',
  '/approvals?status=pending',
  '/tokens?subject=usr_ben&active=true',
  '/sessions?subject=usr_ben',
  '/event-streams',
  '/audit/events?type=policy.changed',
  '/audit/events?type=policy.changed&order=newest',
]

test.each(lists)('%s: pages of one, put together, are the whole', async (path) => {
  const whole = await call(admin, 'GET', path, { token })
  expect(whole.status).toBe(200)
  expect(whole.json.items.length).toBeGreaterThanOrEqual(3)
  expect(whole.json).not.toHaveProperty('next')
  expect(whole.headers.get('link')).toBeNull()

  const items: unknown[] = []
  let next: string | undefined = `${admin.url}${path}${path.includes('?') ? '&' : '?'}limit=1`
  for (let pages = 0; next !== undefined && pages < 100; pages += 1) {
    const page = await call({ url: '' }, 'GET', next, { token })
    expect(page.json.items).toHaveLength(1)
    items.push(...page.json.items)
    const link: string | undefined = /^<(.+)>; rel="next"$/u.exec(page.headers.get('link') ?? '')?.[1]
    expect(link !== undefined).toBe(page.json.next !== undefined)
    next = link
  }
  expect(items).toEqual(whole.json.items)
})

test('a filter leaves out the others', async () => {
  const { items } = (await call(admin, 'GET', '/tokens?clientId=nobody', { token })).json
  expect(items).toEqual([])
  const revoked = await call(admin, 'GET', '/tokens?subject=usr_ben&active=false', { token })
  expect(revoked.json.items).toEqual([])
})

test('a task is told from its events and tokens', async () => {
  const { path } = (await fixtures.readTask?.(admin)) ?? {}
  const task = await call(admin, 'GET', path ?? '', { token })
  expect(task.json.tokens).toHaveLength(1)
  await call(admin, 'POST', `/tokens/${task.json.tokens[0].tokenId}/revoke`, { token, body: { reason: 'done' } })
  const after = await call(admin, 'GET', path ?? '', { token })
  expect(after.json.tokens[0].revokedAt).not.toBeNull()
  expect(after.json.events.map(({ type }: { type: string }) => type)).toContain('token.revoked')
})
