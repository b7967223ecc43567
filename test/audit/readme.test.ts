import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'

const folder = join(import.meta.dirname, '.cache')
const text = readFileSync(new URL('../../packages/audit/README.md', import.meta.url), 'utf8')
const fences = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], index) => ({
  name: `fence ${index + 1}`,
  file: join(folder, `${index + 1}.ts`),
  code,
}))

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

test('every option is on the page', () => {
  const source = readFileSync(new URL('../../packages/audit/src/http-sink.ts', import.meta.url), 'utf8')
  const [, options = ''] = /export interface HttpSinkOptions \{\n(.*?)\n\}/s.exec(source) ?? []
  const members = [...options.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name)
  const rows = [...text.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
  expect(new Set(rows)).toEqual(new Set(members))
})
