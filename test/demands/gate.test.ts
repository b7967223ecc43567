import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { demands } from './demands.js'

const folder = join(import.meta.dirname, '..')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.test.ts') && !/^(?:node_modules|dist)\b/.test(file),
)
const sources = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))

/** What a test can be called by: `it('…')`, `proves('…')`, `fault('…', '…')`, `test.each(…)('…')`, and rows with a name. */
const opening =
  /(?:\b(?:it|test|describe|describeWith|proves|refuses|allows|attacks|fault)\(|\)\(|\bname:)\s*(?:'[\w.-]+',\s*)?$/

/** Whether a file has a test whose title begins so. */
function hasTest(source: string, title: string): boolean {
  return [`'${title}`, `"${title}`, `\`${title}`].some((text) => {
    const parts = source.split(text).slice(0, -1)
    return parts.some((_, i) =>
      opening.test(
        parts
          .slice(0, i + 1)
          .join(text)
          .slice(-200),
      ),
    )
  })
}

it('has every demand once', () => {
  const expected = [
    ...Array.from({ length: 44 }, (_, i) => `A${i + 1}`),
    ...Array.from({ length: 25 }, (_, i) => `B${i + 1}`),
  ]
  expect(demands.map(({ id }) => id)).toEqual(expected)
  for (const { id, demand } of demands) expect(demand, id).toMatch(/^\S.{10,}\.$/)
})

it('finds the proof of every demand', () => {
  const missing = demands.flatMap(({ id, proofs = [] }) =>
    proofs.flatMap(({ file, titles }) =>
      titles.filter((title) => !hasTest(sources.get(file) ?? '', title)).map((title) => `${id}: ${file}: ${title}`),
    ),
  )
  expect(missing).toEqual([])
})

it('knows a test from a text', () => {
  expect(hasTest("test('a title that is long', () => {})", 'a title')).toBe(true)
  expect(hasTest("test.each(rows)(\n  'a title', () => {})", 'a title')).toBe(true)
  expect(hasTest("fault('some.id', 'a title', () => {})", 'a title')).toBe(true)
  expect(hasTest("// 'a title'\nconst text = 'a title'", 'a title')).toBe(false)
})

it('names benchmarks that exist', () => {
  for (const { id, measuredBy } of demands) {
    if (measuredBy !== undefined) expect(existsSync(join(folder, measuredBy)), id).toBe(true)
  }
})

it('lets no demand wait that a test proves, and cites every test that names a demand', () => {
  for (const [file, source] of sources) {
    for (const [, , title = '', id] of source.matchAll(/\b(?:it|test)\(\s*(['"])(([AB]\d+): (?:(?!\1).)*)/g)) {
      const { proofs = [] } = demands.find((each) => each.id === id) ?? {}
      const isCited = proofs.some((proof) => proof.file === file && proof.titles.some((each) => title.startsWith(each)))
      expect(isCited, `${file}: ${title}`).toBe(true)
    }
  }
})

it('says what waits', () => {
  const waiting = demands.filter(({ waitsFor }) => waitsFor !== undefined)
  const texts = waiting.map(({ id, waitsFor }) => `${id} (${waitsFor})`)
  process.stdout.write(
    `${demands.length - waiting.length} demands proven, ${waiting.length} wait: ${texts.join(', ')}\n`,
  )
  expect(waiting.length).toBeLessThan(demands.length)
})
