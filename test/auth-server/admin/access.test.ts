import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Route } from '../../../packages/auth-server/dist/admin/route.js'
import { adminRoutes } from '../../../packages/auth-server/dist/admin/routes.js'
import { fixtures, tagFor } from './fixtures.js'
import { type Admin, agentToken, call, clientToken, everyScope, personToken, startAdmin } from './support.js'

let admin: Admin
let routes: readonly Route[]
beforeAll(async () => {
  admin = await startAdmin()
  routes = adminRoutes(admin.context)
})
afterAll(() => admin.close())

test('each route has a fixture, and the reverse', () => {
  expect(Object.keys(fixtures).sort()).toEqual(routes.map(({ name }) => name).sort())
})

/** Events that name the caller as the one who changed something. */
async function countChanges(): Promise<number> {
  const [row] = await admin.context.database.query<{ count: number }>(
    `select count(*)::integer as count from audit_events where event::jsonb->'change'->>'by' = 'usr_admin'`,
  )
  return row?.count ?? 0
}

/** Routes that ask with POST and change nothing. */
const questions = ['explain', 'dryRun', 'dryRunPolicyFile', 'lintPolicy']

describe.each(Object.keys(fixtures))('%s', (name) => {
  const find = (): Route => {
    const route = routes.find((each) => each.name === name)
    if (route === undefined) throw new Error('no such route')
    return route
  }

  test('without a token 401, with another scope 403, with its scope it answers, and a change names who made it', async () => {
    const { method, path, scope, status, answer } = find()
    const fixture = (await fixtures[name]?.(admin)) ?? {}
    const { body, type } = fixture
    const where = fixture.path ?? path
    const verb = method.toUpperCase()

    const nobody = await call(admin, verb, where, { body, type })
    expect(nobody.status).toBe(401)
    expect(nobody.headers.get('www-authenticate')).toContain('resource_metadata="')
    expect(nobody.json).toMatchObject({ code: 'token_missing' })

    const others = await personToken(
      admin,
      everyScope.filter((other) => other !== scope),
    )
    const forbidden = await call(admin, verb, where, { token: others, body, type })
    expect(forbidden.status).toBe(403)
    expect(forbidden.json).toMatchObject({ code: 'scope_insufficient', scope })

    const changes = await countChanges()
    const headers = await tagFor(admin, await personToken(admin), fixture)
    const token = await personToken(admin, [scope])
    const reply = await call(admin, verb, where, { token, body, type, headers: method === 'get' ? {} : headers })
    expect(reply.text).not.toContain('urn:behalf:error')
    expect(reply.status).toBe(status ?? (answer === undefined ? 204 : 200))
    const isChange = method !== 'get' && !questions.includes(name)
    if (isChange) expect(await countChanges()).toBeGreaterThan(changes)
    else expect(await countChanges()).toBe(changes)
  })

  test('who signed in long ago, a client by itself, an agent for a person: only what each may', async () => {
    const { method, path, scope, dangerous = false, status, answer } = find()
    const success = status ?? (answer === undefined ? 204 : 200)
    const changes = dangerous || scope === 'admin:write' || scope === 'admin:approve'
    const longAgo = { sub_profile: 'user', auth_time: Math.floor(admin.context.now()) - 400 }
    const callers = [
      { token: await personToken(admin, everyScope, { claims: longAgo }), refused: dangerous ? 401 : undefined },
      { token: await clientToken(admin), refused: dangerous ? 401 : undefined },
      { token: await agentToken(admin), refused: changes ? 403 : undefined },
    ]
    for (const { token, refused } of callers) {
      const fixture = (await fixtures[name]?.(admin)) ?? {}
      const headers = await tagFor(admin, await personToken(admin), fixture)
      const { body, type } = fixture
      const sent = { token, body, type, headers: method === 'get' ? {} : headers }
      const reply = await call(admin, method.toUpperCase(), fixture.path ?? path, sent)
      expect(reply.status).toBe(refused ?? success)
      if (refused === 401) expect(reply.headers.get('www-authenticate')).toContain('max_age="300"')
    }
  })
})
