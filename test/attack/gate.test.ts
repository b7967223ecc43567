import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { incidents, type Threat, threats } from './threats.js'

const folder = import.meta.dirname
const rows: readonly Threat[] = threats
const sources = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts') && name !== 'gate.test.ts')
  .map((name) => readFileSync(join(folder, name), 'utf8'))
const cited = new Set(
  sources.flatMap((source) =>
    [...source.matchAll(/\b(?:refuses|allows|proves|attacks)\(\s*'([^']+)'/g)].map(([, id]) => id),
  ),
)

it('has every threat once', () => {
  const ids = rows.map(({ id }) => id)
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
})

it('proves every threat that is not for later, and says why of the others', () => {
  expect(rows.filter((row) => isProvenHere(row) && !cited.has(row.id)).map(({ id }) => id)).toEqual([])
  expect(rows.filter((row) => !isProvenHere(row) && cited.has(row.id)).map(({ id }) => id)).toEqual([])
  for (const { later } of rows) expect(later ?? 'a reason that is long enough').toMatch(/.{20,}/)
})

it('names folders of tests that exist', () => {
  for (const { id, elsewhere } of rows) {
    if (elsewhere === undefined) continue
    expect(
      readdirSync(join(folder, '..', elsewhere)).filter((name) => name.endsWith('.test.ts')),
      id,
    ).not.toEqual([])
  }
})

it('proves no threat that is not written down', () => {
  expect([...cited].filter((id) => !rows.some((row) => row.id === id))).toEqual([])
})

it('has a proven threat, or a reason, for what went wrong elsewhere', () => {
  expect(new Set(incidents.map(({ where }) => where)).size).toBe(incidents.length)
  for (const { where, threat, later } of incidents) {
    expect(threat === undefined, where).toBe(later !== undefined)
    const row = rows.find(({ id }) => id === threat)
    if (row !== undefined && row.elsewhere === undefined) expect(cited, where).toContain(threat)
  }
})

it('leaves no proof out', () => {
  for (const source of sources)
    expect(source).not.toMatch(/\b(?:it|describe|test)\.(?:skip|only|todo|skipIf|runIf|fails)\b/)
})

function isProvenHere({ later, elsewhere }: Threat): boolean {
  return later === undefined && elsewhere === undefined
}
