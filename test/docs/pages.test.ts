import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { threats } from '../attack/threats.js'
import { stages } from '../conformance/requirements/index.js'
import { faults } from '../faults/faults.js'

const root = join(import.meta.dirname, '../..')
const folder = join(import.meta.dirname, '.cache')

const members = ['packages', 'examples'].flatMap((parent) =>
  readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${parent}/${name}`),
)
const pages = ['.', 'examples', 'test/bench', ...members]
  .flatMap((path) => readdirSync(join(root, path)).map((name) => join(path, name)))
  .filter((path) => path.endsWith('.md'))

const runnable = [
  'README.md',
  ...['core', 'agent', 'audit', 'langchain', 'auth-server'].map((name) => `packages/${name}/README.md`),
]
const fences = runnable.flatMap((path) =>
  [...readFileSync(join(root, path), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], i) => ({
    name: `${path}, fence ${i + 1}`,
    file: join(folder, `${path.replaceAll(/\W/g, '-')}-${i + 1}.ts`),
    code: code.replace('.listen(3000)', '.listen(0)'), // which may be taken
  })),
)

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const { file, code } of fences) writeFileSync(file, code)
  const compilerOptions = { noEmit: true, composite: false, incremental: false, declaration: false }
  const config = { extends: '../../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
})

describe('what the pages show', () => {
  it.each(fences)('runs: $name', async ({ file }) => {
    await import(file)
  })

  it('compiles', async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', join(folder, 'tsconfig.json')]).catch(
      (error: unknown) => ({ stdout: error instanceof Error && 'stdout' in error ? error.stdout : String(error) }),
    )
    expect(stdout).toBe('')
  })

  it('links to what is there', () => {
    const broken = pages.flatMap((path) =>
      [
        ...readFileSync(join(root, path), 'utf8')
          .replaceAll(/^```.*?^```$/gms, '')
          .matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g),
      ]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(join(root, dirname(path), target)))
        .map((target) => `${path}: ${target}`),
    )
    expect(pages.length).toBeGreaterThan(10)
    expect(broken).toEqual([])
  })
})

it('promises nothing in SECURITY.md that no test proves', () => {
  const known: readonly string[] = [
    ...Object.values(stages)
      .flat()
      .map(({ id }) => id),
    ...threats.map(({ id }) => id),
    ...Object.keys(faults),
  ]
  const page = readFileSync(join(root, 'SECURITY.md'), 'utf8')
  const cited = [...page.matchAll(/^\|[^|]+\|(.*`.*)\|$/gm)].flatMap(([, ids = '']) =>
    [...ids.matchAll(/`([^`]+)`/g)].map(([, id = '']) => id),
  )
  expect(cited.length).toBeGreaterThan(20)
  expect(cited.filter((id) => !known.includes(id))).toEqual([])
})
