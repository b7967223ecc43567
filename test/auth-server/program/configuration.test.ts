import { randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { apiSecret, createAgent, password, type TestAgent } from './agent.js'
import { createPlace, type Place, run } from './program.js'

const issuer = 'http://127.0.0.1:3999'
const key = randomBytes(32).toString('base64url')

let place: Place
let agent: TestAgent

beforeAll(async () => {
  place = await createPlace()
  agent = await createAgent()
  await place.file('encryption.key', `${key}\n`)
  await place.file('short.key', 'hunter2\n')
})
afterAll(() => place.remove())

/** Runs to the end. */
async function runWith(...args: readonly string[]) {
  const program = run(args)
  const { code } = await program.ended
  // the engine warns of versions of Node that are not its newest
  const error = program.output.error.replaceAll(/^oidc-provider WARNING.*\n/gmu, '')
  return { code, out: program.output.out, error }
}

describe('--check', () => {
  test('prints the effective configuration, with no secret in it', async () => {
    const file = await place.configuration({
      issuer,
      database: 'postgres://auth:hunter2@db.example.com/auth?password=hunter2',
      encryptionKeyFiles: ['encryption.key'],
      lifetimes: { delegation: 30 },
      seed: agent.seed,
    })
    const { code, out, error } = await runWith('--check', file)
    expect([code, error]).toEqual([0, ''])
    expect(parse(out)).toMatchObject({
      issuer,
      lifetimes: { delegation: 30, direct: 300, subject: 600 },
      maxChainDepth: 4,
      audit: 'required',
      encryptionKeyFiles: ['encryption.key'],
      seed: { policy: 'given', clients: ['support-app', 'billing-api'], accounts: ['ada'] },
    })
    for (const secret of ['hunter2', apiSecret, password, key]) expect(out).not.toContain(secret)
  })

  test('starts nothing: no folder is made for the database', async () => {
    const file = await place.configuration({ issuer, database: 'never', encryptionKeyFiles: ['encryption.key'] })
    expect((await runWith('--check', file)).code).toBe(0)
    expect(await readdir(place.folder)).not.toContain('never')
  })
})

/** What is wrong, and all that is said about it. */
const faults: readonly { readonly name: string; readonly file: () => Promise<string>; readonly says: RegExp }[] = [
  {
    name: 'a file that is not there',
    file: async () => join(place.folder, 'missing.yaml'),
    says: /^\S+missing\.yaml cannot be read\n$/u,
  },
  {
    name: 'text that is no YAML, which is not quoted',
    file: () => place.file('broken.yaml', 'issuer: x\npassword: "hunter2\n  foo: [\n'),
    says: /^\S+broken\.yaml is not YAML: missing char, line \d+\n$/u,
  },
  {
    name: 'no issuer',
    file: () => place.configuration({}),
    says: /^\S+auth\.yaml is not a configuration:\n {2}issuer: .+\n$/u,
  },
  {
    name: 'two faults, a line each',
    file: () => place.configuration({ issuer: 'http://auth.example.com', rateLimits: { token: 0 } }),
    says: /^\S+auth\.yaml is not a configuration:\n {2}issuer: must be an origin.+\n {2}rateLimits\.token: .+\n$/u,
  },
  {
    name: 'a setting that does not exist',
    file: () => place.configuration({ issuer, lifetime: { delegation: 30 } }),
    says: /^\S+auth\.yaml is not a configuration:\n {2}the file: .*"lifetime"\n$/u,
  },
  {
    name: 'an encryption key in the file itself',
    file: () => place.configuration({ issuer, encryptionKey: key }),
    says: /^\S+auth\.yaml is not a configuration:\n {2}the file: .*"encryptionKey"\n$/u,
  },
  {
    name: 'a folder without an encryption key',
    file: () => place.configuration({ issuer, database: 'data' }),
    says: /^encryptionKeyFiles is required with a database that lasts: .+\n$/u,
  },
  {
    name: 'PostgreSQL without an encryption key',
    file: () => place.configuration({ issuer, database: 'postgres://127.0.0.1/auth' }),
    says: /^encryptionKeyFiles is required with a database that lasts: .+\n$/u,
  },
  {
    name: 'an encryption key that is too short, which is not quoted',
    file: () => place.configuration({ issuer, encryptionKeyFiles: ['short.key'] }),
    says: /^encryptionKey\.0 is wrong: must be 32 bytes in base64url \(43 characters\)\n$/u,
  },
  {
    name: 'an encryption key that is not there',
    file: () => place.configuration({ issuer, encryptionKeyFiles: ['no.key'] }),
    says: /^\S+no\.key cannot be read\n$/u,
  },
  {
    name: 'an account without a password',
    file: () => place.configuration({ issuer, seed: { accounts: [{ subject: 'a', username: 'a', name: 'A' }] } }),
    says: /^\S+auth\.yaml is not a configuration:\n {2}seed\.accounts\.0\.password: .+\n$/u,
  },
]

describe('a configuration that is wrong', () => {
  test.each(faults)('$name', async ({ file, says }) => {
    const { code, out, error } = await runWith('--check', await file())
    expect(error).toMatch(says)
    expect([code, out]).toEqual([1, ''])
    expect(error).not.toContain('hunter2')
    expect(error).not.toContain(key)
  })

  test('an account of a seed that refers to what is missing', async () => {
    const client = { id: 'x', name: 'X', agent: 'agent:none', metadata: agent.seed.clients?.[0]?.metadata }
    const { code, error } = await runWith(await place.configuration({ issuer, seed: { clients: [client] } }))
    expect([code, error]).toEqual([1, 'seed is wrong: agent agent:none is not known\n'])
  })

  test('a database that does not answer', async () => {
    const database = 'postgres://auth:hunter2@127.0.0.1:1/auth'
    const file = await place.configuration({ issuer, database, encryptionKeyFiles: ['encryption.key'] })
    const { code, error } = await runWith(file)
    expect([code, error]).toEqual([1, 'database cannot be used: ECONNREFUSED\n'])
  })
})

describe('the command', () => {
  test.each([
    ['an unknown option', ['--chek', 'auth.yaml'], "Unknown option '--chek'"],
    ['no file', [], 'a configuration file is missing'],
    ['two files', ['a.yaml', 'b.yaml'], 'one configuration file, no more'],
    ['init without a folder', ['init'], 'init takes one folder'],
  ])('%s', async (_name, args, fault) => {
    const { code, out, error } = await runWith(...args)
    expect([code, out]).toEqual([2, ''])
    expect(error.startsWith(`${fault}\n\nUsage: behalf-auth-server`)).toBe(true)
  })

  test('--help', async () => {
    const { code, out } = await runWith('--help')
    expect(code).toBe(0)
    expect(out).toMatch(/^Usage: behalf-auth-server/u)
  })
})

describe('init', () => {
  test('writes what only its owner reads, and what the program takes', async () => {
    const folder = join(place.folder, 'start')
    expect((await runWith('init', folder)).code).toBe(0)
    for (const name of ['auth.yaml', 'encryption.key', 'support-agent.jwk']) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
    }
    const { code, out } = await runWith('--check', join(folder, 'auth.yaml'))
    expect(code).toBe(0)
    expect(parse(out)).toMatchObject({ database: join(folder, 'data'), seed: { agents: ['agent:support'] } })
  })

  test('writes nothing over', async () => {
    const folder = join(place.folder, 'again')
    expect((await runWith('init', folder)).code).toBe(0)
    const { code, error } = await runWith('init', folder)
    expect([code, error]).toEqual([1, `${join(folder, 'encryption.key')} is there already\n`])
  })
})
