import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
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
    name: 'a name as those who send events have them',
    file: () => place.configuration({ issuer, instance: 'api:billing/billing/one' }),
    says: /^\S+auth\.yaml is not a configuration:\n {2}instance: must not begin .+\n$/u,
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
    name: 'an agent with a name that is none',
    file: () => place.configuration({ issuer, seed: { agents: [{ id: 'bot', name: 'Bot', owner: 'team' }] } }),
    says: /^\S+auth\.yaml is not a configuration:\n {2}seed\.agents\.0\.id: must be agent: and a name in lower case\n$/u,
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
    ['init with two', ['init', 'a', 'b'], 'init takes one folder'],
    ['key without a file', ['key'], 'key takes one file'],
    [
      'an address that is not for init',
      ['auth.yaml', '--issuer', 'http://localhost:4000'],
      'addresses are for init: later they are in the configuration file',
    ],
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
  const files = ['auth.yaml', 'billing-api.secret', 'encryption.key', 'operator.secret', 'support-agent.jwk']

  test('writes what only its owner reads, and what the program takes', async () => {
    const folder = join(place.folder, 'start')
    const { code, out } = await runWith('init', folder)
    expect(code).toBe(0)
    expect((await readdir(folder)).toSorted()).toEqual(files)
    for (const name of files) {
      expect(out).toContain(name)
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
    }
    const shown = await runWith('--check', join(folder, 'auth.yaml'))
    expect(shown.code).toBe(0)
    expect(parse(shown.out)).toMatchObject({
      issuer: 'http://localhost:3000',
      listen: { host: 'localhost', port: 3000 },
      database: join(folder, 'data'),
      seed: { agents: ['agent:support', 'agent:billing-api', 'agent:operator'] },
    })
  })

  test.each([
    { issuer: 'http://127.0.0.1:4000', listen: { host: '127.0.0.1', port: 4000 } },
    { issuer: 'http://[::1]:4000', listen: { host: '::1', port: 4000 } },
    { issuer: 'http://localhost', listen: { host: 'localhost', port: 80 } },
    { issuer: 'https://auth.example.com', listen: { host: 'localhost', port: 3000 } },
  ])('takes the addresses it is given: $issuer', async ({ issuer, listen }) => {
    const folder = join(place.folder, new URL(issuer).hostname.replaceAll(/\W/gu, '-'))
    const [resource, redirectUri] = ['https://api.example.com/v1', 'https://app.example.com/signed-in?from=auth']
    const addresses = ['--issuer', issuer, '--resource', resource, '--redirect-uri', redirectUri]
    expect((await runWith('init', folder, ...addresses)).code).toBe(0)
    const { policy, clients } = parse(await readFile(join(folder, 'auth.yaml'), 'utf8')).seed
    expect(Object.keys(policy.resources)).toEqual([resource])
    expect(policy.permissions['billing:read'].resource).toBe(resource)
    expect(clients[0].metadata.redirect_uris).toEqual([redirectUri])
    const { out } = await runWith('--check', join(folder, 'auth.yaml'))
    expect(parse(out)).toMatchObject({ issuer, listen })
  })

  test.each([
    [
      '--issuer',
      'http://auth.example.com',
      'issuer: must be an origin: https://host, or http:// on a loopback address',
    ],
    ['--issuer', 'nowhere', 'issuer: must be an origin'],
    ['--resource', 'nowhere', 'seed.policy.resources.nowhere: must be an absolute URI without a fragment'],
    ['--redirect-uri', 'http://app.example.com/', 'seed.clients.0.metadata.redirect_uris.0: must be an https URL'],
  ])('writes nothing where %s is %s', async (option, address, fault) => {
    const folder = join(place.folder, 'none')
    const { code, out, error } = await runWith('init', folder, option, address)
    expect([code, out]).toEqual([1, ''])
    expect(error).toContain(`auth.yaml is not a configuration:\n  ${fault}`)
    expect(await readdir(place.folder)).not.toContain('none')
  })

  test('writes nothing over, and nothing beside', async () => {
    const folder = join(place.folder, 'again')
    expect((await runWith('init', folder)).code).toBe(0)
    const earlier = await readFile(join(folder, 'encryption.key'), 'utf8')
    await rm(join(folder, 'operator.secret'))
    const { code, error } = await runWith('init', folder)
    expect([code, error]).toEqual([1, `${join(folder, 'encryption.key')} is there already\n`])
    expect(await readFile(join(folder, 'encryption.key'), 'utf8')).toBe(earlier)
    expect(await readdir(folder)).not.toContain('operator.secret')
  })
})

describe('key', () => {
  test('writes a private key for its owner alone, and prints what the server is told', async () => {
    const file = join(place.folder, 'second.jwk')
    const { code, out } = await runWith('key', file)
    expect(code).toBe(0)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const { d, ...publicHalf } = JSON.parse(await readFile(file, 'utf8'))
    expect(d).toEqual(expect.stringMatching(/^[\w-]{43}$/u))
    expect(JSON.parse(out)).toEqual(publicHalf)
    expect(publicHalf).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', kid: expect.any(String) })
    const seed = { clients: [{ ...agent.seed.clients?.[0], metadata: metadataWith(publicHalf) }] }
    expect((await runWith('--check', await place.configuration({ issuer, seed }))).code).toBe(0)
  })

  test('writes nothing over, and says where it cannot', async () => {
    const there = await place.file('there.jwk', 'mine')
    expect(await runWith('key', there)).toMatchObject({ code: 1, out: '', error: `${there} is there already\n` })
    expect(await readFile(there, 'utf8')).toBe('mine')
    const nowhere = join(place.folder, 'no', 'where.jwk')
    expect(await runWith('key', nowhere)).toMatchObject({ code: 1, error: `${nowhere} cannot be written: ENOENT\n` })
  })
})

function metadataWith(key: object): object {
  return { ...agent.seed.clients?.[0]?.metadata, jwks: { keys: [key] } }
}
