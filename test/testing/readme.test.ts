import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { badTokens } from '@behalf/testing'
import { beforeAll, expect, test } from 'vitest'

const readme = readFileSync(new URL('../../packages/testing/README.md', import.meta.url), 'utf8')
const fences = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], i) => ({
  name: `fence-${i + 1}`,
  code,
}))
const folder = join(import.meta.dirname, '.cache')

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const { name, code } of fences) writeFileSync(join(folder, `${name}.ts`), code)
  const config = {
    extends: '../../../tsconfig.base.json',
    compilerOptions: { noEmit: true, composite: false, incremental: false },
    include: ['*.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
})

test.each(fences)('the README runs: $name', async ({ name }) => {
  await import(join(folder, `${name}.ts`))
})

test('the README compiles', async () => {
  const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch((error: unknown) => ({
    stdout: error instanceof Error && 'stdout' in error ? error.stdout : String(error),
  }))
  expect(stdout).toBe('')
})

test('the README has every kind with its code', () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` +\| .+ \| `(\w+)`[^|]* \| (\d{3}) +\|$/gm)].map((row) => row.slice(1))
  expect(rows).toEqual(badTokens.map(({ kind, code, status }) => [kind, code, String(status)]))
})
