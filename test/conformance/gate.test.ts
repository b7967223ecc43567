import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { targetNames } from '../support/targets.js'
import { stages } from './requirements/index.js'

const folder = import.meta.dirname
const packages = join(folder, '../../packages')
const suites = readdirSync(folder).filter((name) => name.endsWith('.test.ts') && name !== 'gate.test.ts')
const sources = new Map(suites.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
const requirements = Object.values(stages).flat()

/** Identifiers a suite proves: the first argument of `refuses`, `allows` and `proves`, as it is written. */
const cited = [...sources.values()].flatMap((source) =>
  [...source.matchAll(/\b(?:refuses|allows|proves)\(\s*'([^']+)'/g)].map(([, id]) => id),
)

it('has an identifier, a source and a sentence for every requirement', () => {
  const ids = requirements.map(({ id }) => id)
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  for (const { id, source, text } of requirements) {
    expect(id).toMatch(/^(RFC\d{4}|OIDC|CAEP|RISC|SSF|AUTHZEN|W3C|ACTOR-PROFILE|STATUS-LIST|BEHALF)-[\w.-]+$/)
    expect(source, id).toMatch(
      /^(RFC \d{4}|OpenID (Connect|CAEP|RISC|SSF|AuthZEN)|W3C|OAuth Actor Profile draft|Token Status List draft|Behalf)/,
    )
    expect(text, id).toMatch(/^\S.{20,}\.$/)
  }
})

it('proves every requirement', () => {
  expect(requirements.map(({ id }) => id).filter((id) => !cited.includes(id))).toEqual([])
})

it('proves no requirement that is not written down', () => {
  const known: readonly string[] = requirements.map(({ id }) => id)
  expect(cited.filter((id) => id !== undefined && !known.includes(id))).toEqual([])
})

it('proves a requirement in the suite of its stage', () => {
  for (const [stage, list] of Object.entries(stages)) {
    const source = sources.get(`${stage}.test.ts`) ?? ''
    expect(
      list.map(({ id }) => id).filter((id) => !source.includes(`'${id}'`)),
      stage,
    ).toEqual([])
  }
})

it('runs every proof on every target, with none left out', () => {
  const runner = readFileSync(join(folder, 'suite.ts'), 'utf8')
  expect(runner).toContain('for (const target of targetNames) it(target,')
  for (const [name, source] of [...sources, ['suite.ts', runner] as const]) {
    expect(source, name).not.toMatch(/\b(?:it|describe|test)\.(?:skip|only|todo|skipIf|runIf|fails)\b/)
  }
})

it('has a target for core and for every adapter there is', () => {
  const adapters = readdirSync(packages).filter((name) => {
    const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as Record<
      string,
      object | undefined
    >
    const frameworks = Object.keys(manifest.peerDependencies ?? {})
    return frameworks.some((framework) => ['express', 'fastify', 'koa', 'hono'].includes(framework))
  })
  expect([...targetNames].sort()).toEqual(['core', ...adapters].sort())
})
