import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { demands } from './demands.js'

const folder = join(import.meta.dirname, '..')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.test.ts') && !/^(?:node_modules|dist)\b/.test(file),
)
const sources = new Map(files.map((file) => [file, sourceOf(file)]))

/** A file without what is commented out. */
function sourceOf(file: string): string {
  return withoutComments(readFileSync(join(folder, file), 'utf8'))
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gmu, '')
}

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

/** Whether a case is in a source: the text of a name, or the name of a member. */
function hasCase(source: string, name: string): boolean {
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((text) => source.includes(text)) || isMember(source, name)
}

function isMember(source: string, name: string): boolean {
  return source.split('\n').some((line) => line.trim().startsWith(`${name}: `))
}

/** Whether each row of a list is run: a test of some of them would not be a test of the cases that are named. */
function runsAll(source: string, title: string): boolean {
  const rows = [...source.matchAll(/\.each\(((?:[^()]|\([^()]*\))*)\)\(\s*'((?:[^'\\]|\\.)*)'/gu)]
  const own = rows.filter(([, , each = '']) => each.startsWith(title))
  return own.length > 0 && own.every(([, list = '']) => !/slice|filter|splice/u.test(list))
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
  const missing = demands.flatMap(({ id, proofs }) =>
    proofs.flatMap(({ file, titles }) =>
      titles.filter((title) => !hasTest(sources.get(file) ?? '', title)).map((title) => `${id}: ${file}: ${title}`),
    ),
  )
  expect(missing).toEqual([])
  for (const { id, proofs } of demands) expect(proofs.length, id).toBeGreaterThan(0)
})

it('finds the cases of every proof that is parametrised', () => {
  for (const { id, proofs } of demands) {
    for (const { file, titles, needs } of proofs) {
      const where = `${id}: ${file}: ${titles[0]}`
      const isParametrised = titles.some((title) => /%[sojd]|\$\w/u.test(title))
      expect(needs !== undefined, where).toBe(isParametrised)
      if (needs === undefined) continue
      const source = sourceOf(needs.file)
      expect(
        needs.cases.filter((name) => !hasCase(source, name)),
        where,
      ).toEqual([])
      expect(runsAll(sources.get(file) ?? '', titles[0]), where).toBe(true)
    }
  }
})

it('knows a test from a text', () => {
  expect(hasTest("test('a title that is long', () => {})", 'a title')).toBe(true)
  expect(hasTest("test.each(rows)(\n  'a title', () => {})", 'a title')).toBe(true)
  expect(hasTest("fault('some.id', 'a title', () => {})", 'a title')).toBe(true)
  expect(hasTest(withoutComments("// it('a title', () => {})"), 'a title')).toBe(false)
  expect(hasTest("it.skip('a title', () => {})", 'a title')).toBe(false)
  expect(hasTest("// 'a title'\nconst text = 'a title'", 'a title')).toBe(false)
})

it('knows a case from a text', () => {
  expect(hasCase("{ name: 'a case' }", 'a case')).toBe(true)
  expect(hasCase('{\n  okta: cases,\n}', 'okta')).toBe(true)
  expect(hasCase("{ name: 'a case more' }", 'a case')).toBe(false)
  expect(hasCase(withoutComments("  // { name: 'a case' }"), 'a case')).toBe(false)
  expect(runsAll("it.each(Object.keys(rows))('$name', () => {})", '$name')).toBe(true)
  expect(runsAll("it.each(rows.slice(0, 1))('$name', () => {})", '$name')).toBe(false)
  expect(runsAll("it('$name', () => {})", '$name')).toBe(false)
})

it('names benchmarks that exist', () => {
  for (const { id, measuredBy } of demands) {
    if (measuredBy !== undefined) expect(existsSync(join(folder, measuredBy)), id).toBe(true)
  }
})

it('cites every test that names a demand', () => {
  for (const [file, source] of sources) {
    for (const [, , title = '', id] of source.matchAll(/\b(?:it|test)\(\s*(['"])(([AB]\d+): (?:(?!\1).)*)/g)) {
      const proofs = demands.find((each) => each.id === id)?.proofs ?? []
      const isCited = proofs.some((proof) => proof.file === file && proof.titles.some((each) => title.startsWith(each)))
      expect(isCited, `${file}: ${title}`).toBe(true)
    }
  }
})
