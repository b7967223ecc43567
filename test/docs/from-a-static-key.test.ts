import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { freePort } from '../auth-server/program/program.js'
import { createPerson } from '../auth-server/support/browserless.js'
import { type Fence, fencesOf, patched, quoted } from './fences.js'
import { openShell, type Shell } from './shell.js'

const example = join(import.meta.dirname, '../../examples/from-a-static-key')
const page = readFileSync(join(example, 'README.md'), 'utf8')
const fences = fencesOf(page)
const last = fences.findLastIndex(({ language }) => language === 'sh')

/** A whole hour of a reader, on a machine that does other things too. */
const limit = 120_000

let folder: string
let shell: Shell
/** The reader's copy of the example. */
let shop = ''
const ports = new Map<string, string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'behalf-page-'))
  shell = openShell(folder, example)
  for (const port of ['4000', '4001', '4002']) ports.set(port, String(await freePort()))
})
afterAll(async () => {
  await shell.close()
  await rm(folder, { recursive: true, force: true })
})

const read = (file: string): string => readFileSync(join(shop, file), 'utf8')

/** The ports of the page may be taken: others stand for them, wherever a reader would see them. */
const here = (text: string): string =>
  text.replaceAll(/(?<=127\.0\.0\.1:)400[012]/gu, (port) => ports.get(port) ?? port)

/** `npm install`, from the workspace: what is named, or what the manifest names, and nothing else. */
function install(line: string): void {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))
  const named = line.split(' ').slice(2)
  for (const name of named.length > 0 ? named : Object.keys({ ...dependencies, ...devDependencies })) {
    const [source, target] = [join(example, 'node_modules', name), join(shop, 'node_modules', name)]
    mkdirSync(dirname(target), { recursive: true })
    symlinkSync(source, target)
    const { bin } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
    mkdirSync(join(shop, 'node_modules/.bin'), { recursive: true })
    for (const [program, file] of Object.entries(bin ?? {})) {
      const start = `#!/bin/sh\nexec node '${join(source, String(file))}' "$@"\n`
      writeFileSync(join(shop, 'node_modules/.bin', program), start, { mode: 0o755 })
    }
  }
}

/** Runs the lines of a fence, as they are. Where one signs in, a person with a browser is there. */
async function run(code: string): Promise<readonly string[]> {
  const outputs = ['', '']
  for (const part of here(code).split(/^(npm install.*)\n/mu)) {
    if (part.startsWith('npm install')) install(part)
    else if (part !== '') {
      let signedIn: Promise<unknown> | undefined
      const { out, error } = await shell.run(part, (text) => {
        const [, url] = /^Open (\S+)\n/mu.exec(text) ?? []
        if (url !== undefined) signedIn ??= signIn(url)
      })
      await signedIn
      outputs[0] += out
      outputs[1] += error
      shop ||= (await shell.run('pwd')).out.trim()
    }
  }
  return outputs.map((output) => output.trimEnd())
}

async function signIn(url: string): Promise<void> {
  const [{ username, password }] = parse(read('auth/auth.yaml')).seed.accounts
  const { answer, read: asked } = await createPerson(new URL(url).origin, { username, password }).authorize(url)
  expect(asked).toContain('Read your plan and charges')
  await fetch(answer)
}

/** What the page says comes of a fence: told by stdout, or by stderr. */
async function follow({ code }: Fence, quote: string | undefined): Promise<void> {
  const outputs = await run(code)
  if (quote === undefined) return
  const fits = (some: readonly string[]): boolean => some.some((output) => quoted(here(quote)).test(output))
  // what is merely read may be on its way
  if (code.startsWith('curl -s $AUTH/admin/audit')) {
    await expect.poll(() => run(code), { timeout: 20_000, interval: 200 }).toSatisfy(fits)
  } else expect(outputs).toSatisfy(fits)
}

const steps: Readonly<Record<string, (fence: Fence, next: Fence | undefined) => void | Promise<void>>> = {
  sh: (fence, next) => follow(fence, next?.language === 'text' ? next.code : undefined),
  text: () => {}, // of the fence before it
  yaml: ({ code }) => expect(read('auth/auth.yaml')).toContain(here(code)),
  diff: ({ info: [file = ''], code }) => writeFileSync(join(shop, file), patched(read(file), code)),
  ts: ({ info: [first = '', file = ''], code }) => {
    if (first === 'new') writeFileSync(join(shop, file), code, { flag: 'wx' })
    else expect(read(first)).toContain(code)
  },
}

/** One after another, as a reader goes. */
function walk(from: number, to: number): void {
  const part = fences.slice(from, to).map((fence, i) => ({ fence, next: fences[from + i + 1] }))
  test.each(part.map((each) => ({ ...each, name: `${each.fence.language}: ${each.fence.code.split('\n')[0]}` })))(
    '$name',
    async ({ fence, next }) => {
      const step = steps[fence.language]
      expect(step).toBeDefined()
      await step?.(fence, next)
    },
    limit,
  )
}

describe('the way from a static key', () => {
  const both = fences.findIndex(({ code }) => code.includes('Bearer nonsense')) + 1
  walk(0, both)

  test.each<{ headers: Record<string, string>; status: number }>([
    { headers: {}, status: 200 },
    { headers: { authorization: '' }, status: 400 },
    { headers: { authorization: 'Basic YTpi' }, status: 401 },
    { headers: { authorization: 'Bearer' }, status: 400 },
    { headers: { authorization: 'Bearer a.b.c' }, status: 401 },
    { headers: { authorization: 'Bearer a.b.c, Bearer a.b.c' }, status: 400 },
    { headers: { authorization: 'DPoP a.b.c', dpop: 'a.b.c' }, status: 401 },
    { headers: { dpop: 'a.b.c' }, status: 401 },
  ])('beside a key, $headers is answered $status', async ({ headers, status }) => {
    const [url, key] = (await shell.run('echo $API $BILLING_API_KEY')).out.trim().split(' ')
    const sent = { headers: { ...headers, 'x-api-key': String(key) } }
    expect((await fetch(`${url}/customers/user_1/plan`, sent)).status).toBe(status)
  })

  walk(both, last)

  test('ends as the files in after/', () => {
    const names = (path: string): readonly string[] => readdirSync(path).toSorted()
    expect(names(join(shop, 'src'))).toEqual(names(join(example, 'after/src')))
    for (const name of names(join(example, 'after/src'))) {
      expect(read(join('src', name))).toBe(readFileSync(join(example, 'after/src', name), 'utf8'))
    }
  })

  test('stops what it started, and leaves nothing', async () => {
    const pids = ['api.pid', 'auth.pid'].map((name) => Number(read(name)))
    for (const pid of pids) expect(process.kill(pid, 0)).toBe(true)
    await run(fences[last]?.code ?? '')
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    expect(readdirSync(folder).filter((name) => !name.endsWith('.sh'))).toEqual([])
  })
})

describe('the example', () => {
  const manifest = (path: string) => JSON.parse(readFileSync(join(example, path, 'package.json'), 'utf8'))
  const [before, after] = [manifest('before'), manifest('after')]

  test('changes one line of the tool and adds one', () => {
    const [old = [], fresh = []] = ['before', 'after'].map((state) =>
      (readFileSync(join(example, state, 'src/tools.ts'), 'utf8').split(/^export const/mu)[1] ?? '').split('\n'),
    )
    const [gone, come] = [old.filter((line) => !fresh.includes(line)), fresh.filter((line) => !old.includes(line))]
    expect(gone).toEqual([expect.stringContaining("'x-api-key': BILLING_API_KEY")])
    expect(come).toEqual([expect.stringContaining('{ fetch }'), expect.stringContaining('delegation: { client,')])
  })

  test('depends in the end on what the page installs', () => {
    const named = [...page.matchAll(/^npm install (.+)$/gmu)].flatMap(([, names = '']) => names.split(' '))
    expect(Object.keys(after.dependencies)).toEqual([...Object.keys(before.dependencies), ...named].toSorted())
  })

  test.each([before, after])('takes the versions that the workspace takes', ({ dependencies, devDependencies }) => {
    const { catalog } = parse(readFileSync(join(example, '../../pnpm-workspace.yaml'), 'utf8'))
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      const own = `../../${name.replace('@behalf/', 'packages/')}`
      expect([name, version]).toEqual([name, name.startsWith('@behalf/') ? `^${manifest(own).version}` : catalog[name]])
    }
  })
})

describe('what looks at the page', () => {
  test('puts a diff where it belongs, and nowhere else', () => {
    expect(patched('a\nb\nc\n', ' a\n-b\n+B\n')).toBe('a\nB\nc\n')
    expect(patched('a\nb\nc\n', '-a\n@@\n c\n+d\n')).toBe('b\nc\nd\n')
    expect(() => patched('a\nb\na\nb\n', '-a\n')).toThrow('places are like')
    expect(() => patched('aa\nb\n', '-a\n')).toThrow('places are like')
  })

  test('sees an output that is another', () => {
    expect('{"a":1,"b":2}').toMatch(quoted('{"a":1,...}\n'))
    expect('{"a":2,"b":2}').not.toMatch(quoted('{"a":1,...}\n'))
    expect('x\ny\nz').toMatch(quoted('x\n...\n'))
    expect('y\nz').not.toMatch(quoted('x\n...\n'))
    expect('a+b').not.toMatch(quoted('a.b'))
  })
})
