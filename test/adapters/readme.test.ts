import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'

const folder = join(import.meta.dirname, '.cache')
const readmes = ['express', 'fastify', 'hono', 'koa'].map((name) => {
  const text = readFileSync(new URL(`../../packages/${name}/README.md`, import.meta.url), 'utf8')
  const fences = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], i) => ({
    name: `fence ${i + 1}`,
    file: join(folder, `${name}-${i + 1}.ts`),
    code,
  }))
  return { name, text, fences }
})
const fences = readmes.flatMap((readme) => readme.fences)

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const { file, code } of fences) writeFileSync(file, code)
  // the two entries of @behalf/express do not go into one program: each fence with /no-augment gets its own
  const plain = fences.filter(({ code }) => code.includes('/no-augment')).map(({ file }) => file)
  const compilerOptions = { noEmit: true, composite: false, incremental: false, declaration: false }
  const base = { extends: '../../../tsconfig.base.json', compilerOptions }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...base, include: ['*.ts'], exclude: plain }))
  writeFileSync(join(folder, 'tsconfig.plain.json'), JSON.stringify({ ...base, files: plain }))
})

describe.each(readmes)('the README of $name', ({ text, fences: own }) => {
  test('has the tasks of its siblings', () => {
    const tasks = [...text.matchAll(/^## (.*)$/gm)].map(([, task]) => task)
    expect(tasks).toEqual([
      'Install',
      'Protect a route',
      'Read who is calling',
      'Demand more than a scope',
      'One requirement per request',
      'Bind tokens to a key',
      'Accept a token once',
      'Revoke mid-task',
      'Ask for a fresh login',
      'One record only',
      'Receive security events',
      'Publish metadata',
      'Audit',
      'Share one verifier',
      'Test your routes',
      'Options',
      'Errors',
      'What it does not do',
    ])
  })

  test.each(own)('runs: $name', async ({ file }) => {
    await import(file)
  })
})

test.each(['tsconfig.json', 'tsconfig.plain.json'])('the fences compile: %s', async (config) => {
  const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', join(folder, config)]).catch(
    (error: unknown) => ({ stdout: error instanceof Error && 'stdout' in error ? error.stdout : String(error) }),
  )
  expect(stdout).toBe('')
})
