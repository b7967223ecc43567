import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { faults } from './faults.js'

const sources = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.test.ts') && name !== 'faults.test.ts')
  .map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'))
const cited = new Set(
  sources.flatMap((source) => [...source.matchAll(/\bfault\(\s*'([^']+)'/g)].map((match) => match[1])),
)

test('every fault is cited by a test, or says why it is tested elsewhere', () => {
  const uncited = Object.entries(faults).filter(([id, row]) => row.elsewhere === undefined && !cited.has(id))
  expect(uncited.map(([id]) => id)).toEqual([])
})

test('a fault tested here claims no excuse, and every citation names a fault', () => {
  const excused = Object.entries(faults).filter(([id, row]) => row.elsewhere !== undefined && cited.has(id))
  expect(excused.map(([id]) => id)).toEqual([])
  expect([...cited].filter((id) => id === undefined || !(id in faults))).toEqual([])
})
