import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'

const folder = join(import.meta.dirname, '.cache')
const text = readFileSync(new URL('../../packages/agent/README.md', import.meta.url), 'utf8')
const fences = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], index) => ({
  name: `fence ${index + 1}`,
  file: join(folder, `${index + 1}.ts`),
  code,
}))
const source = (name: string): string =>
  readFileSync(new URL(`../../packages/agent/src/${name}.ts`, import.meta.url), 'utf8')

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const { file, code } of fences) writeFileSync(file, code)
  const compilerOptions = { noEmit: true, composite: false, incremental: false, declaration: false }
  const config = { extends: '../../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
})

test.each(fences)('runs: $name', async ({ file }) => {
  await import(file)
})

test('the fences compile', async () => {
  expect(fences.length).toBeGreaterThan(2)
  const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
  const run = promisify(execFile)(process.execPath, [tsc, '-p', join(folder, 'tsconfig.json')])
  await expect(run).resolves.toMatchObject({ stdout: '' })
})

/** First cells of a table, by its heading. */
function rows(heading: string): readonly string[] {
  const table = text.split(/\n{2,}/).find((part) => part.startsWith(`| ${heading}`)) ?? ''
  return [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name)
}

const membersOf = (code: string): readonly string[] =>
  [...code.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name = '']) => name)

test('every option is on the page', () => {
  const options = source('options').split('export interface Settings')[0] ?? ''
  expect(new Set(rows('option '))).toEqual(new Set(membersOf(options)))
})

test('so is every member of a request', () => {
  const [, request = ''] = source('request').split('export interface DelegationRequest')
  expect(new Set(rows('request'))).toEqual(new Set(membersOf(request)))
})
