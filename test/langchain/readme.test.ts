import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'

const folder = join(import.meta.dirname, '.cache')
const page = readFileSync(new URL('../../packages/langchain/README.md', import.meta.url), 'utf8')
const fences = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], index) => ({
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

it.each(fences)('runs: $name', async ({ file }) => {
  await import(file)
})

it('compiles what the page shows', async () => {
  expect(fences.length).toBe(3)
  const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
  const run = promisify(execFile)(process.execPath, [tsc, '-p', join(folder, 'tsconfig.json')])
  await expect(run).resolves.toMatchObject({ stdout: '' })
})

it('names every member of a delegation', () => {
  const source = readFileSync(new URL('../../packages/langchain/src/delegation.ts', import.meta.url), 'utf8')
  const members = [...source.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name = '']) => name)
  expect(members.length).toBeGreaterThan(5)
  expect(members.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([])
})
