import { createConfig, lintFromString } from '@redocly/openapi-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminRoutes } from '../../../packages/auth-server/dist/admin/routes.js'
import { type Admin, call, startAdmin } from './support.js'

let admin: Admin
let text: string
beforeAll(async () => {
  admin = await startAdmin()
  text = (await call(admin, 'GET', '/openapi.json')).text
})
afterAll(() => admin.close())

test('the document is public and names this server', async () => {
  const reply = await call(admin, 'GET', '/openapi.json')
  expect(reply.status).toBe(200)
  expect(reply.json).toMatchObject({ openapi: '3.1.1', servers: [{ url: admin.url }] })
})

test('a linter finds nothing, and finds what is wrong', async () => {
  // an auth server on a loopback address is what the test runs on
  const config = await createConfig({ extends: ['recommended'], rules: { 'no-server-example.com': 'off' } })
  const problems = await lintFromString({ source: text, absoluteRef: 'admin.json', config })
  const described = problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)
  expect(described).toEqual([])
  const broken = text.replace('"operationId":"listAgents"', '"operationId":"readAgent"')
  expect(await lintFromString({ source: broken, absoluteRef: 'admin.json', config })).not.toEqual([])
})

test('each route is in it, and each that is in it is a route', async () => {
  const document = JSON.parse(text)
  const routes = adminRoutes(admin.context).map(
    ({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/gu, '{$1}')}`,
  )
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item as object).map((method) => `${method} ${path}`),
  )
  expect(described.sort()).toEqual(routes.sort())
  for (const line of described) {
    const [method = '', path = ''] = line.split(' ')
    const reply = await call(admin, method.toUpperCase(), path.replaceAll(/\{\w+\}/gu, 'x'))
    expect([line, reply.status]).toEqual([line, 401])
  }
})
