import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createResourceServer } from '@behalf/core'
import { createTestIssuer } from '@behalf/testing'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { documentSchema } from '../../packages/auth-server/dist/policy/document-schema.js'
import { parseDocument } from '../../packages/auth-server/dist/policy/parse-document.js'
import { fencesOf } from './fences.js'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const pageOf = (name: string): string => read(`packages/${name}/README.md`)
const adapters = ['express', 'fastify', 'koa', 'hono'] as const

describe.each([...adapters, 'core', 'testing', 'redis', 'auth-server', 'agent'])('the page of %s', (name) => {
  const page = pageOf(name)

  test('says how it is installed, which options there are, and what it does not do', () => {
    const [install] = fencesOf(page).filter(({ language }) => language === 'sh')
    expect(install?.code).toMatch(new RegExp(`^npm install (?:--save-dev )?@behalf/${name}( |$)`, 'mu'))
    const headings = [...page.matchAll(/^## (.*)$/gmu)].map(([, heading]) => heading)
    expect(headings).toEqual(expect.arrayContaining(['Options', 'What it does not do']))
    expect(page).toMatch(/^\| option +\|.* default +\|/mu)
  })

  test('shows no code but what is run', () => {
    const languages = new Set(fencesOf(page).map(({ language }) => language))
    // ts: here, and beside the tests of the package; js: by the test of the program; http and yaml: below; text: an ACL, by its test
    expect(['sh', 'ts', 'js', 'http', 'yaml', 'text']).toEqual(expect.arrayContaining([...languages]))
  })
})

describe('the options on the page', () => {
  test.each([
    { name: 'core', type: 'ResourceServerOptions' },
    { name: 'auth-server', type: 'AuthServerOptions' },
  ])('of $name are those there are', ({ name, type }) => {
    const [, code = ''] =
      new RegExp(`^export interface ${type}.*?\\{\n(.*?)^\\}`, 'msu').exec(read(`packages/${name}/src/options.ts`)) ??
      []
    const members = [...code.matchAll(/^ {2}readonly (\w+)/gmu)].map(([, member]) => member)
    const [, table = ''] = /^## Options\n(.*?)(?=^## )/msu.exec(pageOf(name)) ?? []
    const rows = [...table.matchAll(/^\| `(\w+)`/gmu)].map(([, option]) => option)
    expect(members.length).toBeGreaterThan(10)
    expect([rows.length, new Set(rows)]).toEqual([members.length, new Set(members)])
  })

  test.each(adapters)('of %s are options of core', (name) => {
    const rowsOf = (page: string) => {
      const [, table = ''] = /^## Options\n(.*?)(?=^## )/msu.exec(page) ?? []
      return [...table.matchAll(/^\| `(\w+)`.*\|/gmu)].map(([, option = '']) => option)
    }
    const rows = rowsOf(pageOf(name))
    expect(rows.length).toBeGreaterThan(5)
    expect(rowsOf(pageOf('core'))).toEqual(expect.arrayContaining(rows))
  })
})

test.each([
  { path: 'README.md', scope: 'billing:read' },
  ...adapters.map((name) => ({ path: `packages/${name}/README.md`, scope: 'billing:write' })),
])('$path shows the refusal that is sent', async ({ path, scope }) => {
  const issuer = await createTestIssuer({ listen: false })
  const audience = 'https://billing.example.com'
  const server = createResourceServer({ issuer: issuer.trusted(), audience })
  const authorization = `Bearer ${await issuer.token({ audience, subject: 'user-1', scope: 'orders:read' })}`
  const decision = await server.authorize(new Request(audience, { headers: { authorization } }), { scope })
  if (decision.allowed) throw new Error('it lacks the scope')
  const lines = ['WWW-Authenticate', 'Cache-Control', 'Content-Type'].map(
    (name) => `${name}: ${decision.headers[name]}`,
  )
  const [shown] = fencesOf(read(path)).filter(({ language }) => language === 'http')
  expect(shown?.code).toBe(`HTTP/1.1 403 Forbidden\n${lines.join('\n')}\n\n${decision.body}\n`)
  expect(Object.keys(decision.headers)).toHaveLength(lines.length)
})

test('the policy on the page of auth-server is one', () => {
  const [fence] = fencesOf(pageOf('auth-server')).filter(({ language }) => language === 'yaml')
  const document = parse(fence?.code ?? '')
  const { rules, roles } = parseDocument(documentSchema.parse(document), 'https://auth.example.com/admin')
  expect(rules).toHaveLength(1)
  expect(Object.keys(roles)).toEqual(['support'])
  expect(() => documentSchema.parse({ ...document, rules: [{ ...rules[0], effect: 'maybe' }] })).toThrow('effect')
})
