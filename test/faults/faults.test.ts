import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Fault, faults } from './faults.js'

const sources = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.test.ts') && name !== 'faults.test.ts')
  .map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'))
const rows: readonly (readonly [id: string, Fault])[] = Object.entries(faults)
const cited = new Set(
  sources.flatMap((source) => [...source.matchAll(/\bfault\(\s*'([^']+)'/g)].map((match) => match[1])),
)

/** Whether a test, or a group of them, has this title in the source. */
function hasTitle(source: string, title: string): boolean {
  return [`('${title}'`, `("${title}"`, `(\n    '${title}'`, `(\n  '${title}'`].some((call) => source.includes(call))
}

test('every fault is cited by a test, is proven by one of another folder, or says why not', () => {
  const isProven = (id: string, { elsewhere, provenBy }: Fault) =>
    elsewhere !== undefined || provenBy !== undefined || cited.has(id)
  const uncited = rows.filter(([id, row]) => !isProven(id, row))
  expect(uncited.map(([id]) => id)).toEqual([])
})

test('a fault that is proven by other folders names files and titles that are there, and claims no excuse', () => {
  for (const [id, { provenBy, elsewhere }] of rows) {
    if (provenBy === undefined) continue
    expect(elsewhere, id).toBeUndefined()
    expect(Object.keys(provenBy), id).not.toEqual([])
    for (const [file, titles] of Object.entries(provenBy)) {
      const source = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
      expect(titles, id).not.toEqual([])
      expect(
        titles.filter((title) => !hasTitle(source, title)),
        `${id}: ${file}`,
      ).toEqual([])
      expect(source, file).not.toMatch(/\b(?:it|describe|test)\.(?:skip|only|todo|fails)\b/)
    }
  }
})

test('a fault tested here claims no excuse, and every citation names a fault', () => {
  const excused = rows.filter(([id, row]) => row.elsewhere !== undefined && cited.has(id))
  expect(excused.map(([id]) => id)).toEqual([])
  expect([...cited].filter((id) => id === undefined || !(id in faults))).toEqual([])
})
