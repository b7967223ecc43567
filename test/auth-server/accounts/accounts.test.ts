import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAccounts } from '../../../packages/auth-server/dist/accounts/accounts.js'
import { hashPassword, isPassword, nobody } from '../../../packages/auth-server/dist/accounts/password.js'
import { createClients } from '../../../packages/auth-server/dist/clients/clients.js'
import {
  ConflictError,
  InvalidInputError,
  NotFoundError,
  StaleVersionError,
} from '../../../packages/auth-server/dist/errors.js'
import { dump, type Ground, openGround } from '../support/ground.js'

let shared: Ground
let ground: Ground
beforeAll(async () => {
  shared = await openGround()
})
beforeEach(async () => {
  for (const table of ['accounts', 'clients']) await shared.database.query(`delete from ${table}`)
  ground = await openGround({}, shared.database)
})
afterAll(() => shared.close())

const password = 'correct horse battery staple'
const alice = { subject: 'user_8f2c1d', username: 'alice', name: 'Alice Ä.', permissions: ['billing:read'], password }

/** The account behind a username and password, as a sign-in finds it. */
const authenticate = async (accounts: ReturnType<typeof createAccounts>, username: string, typed: string) =>
  (await accounts.authenticate(username, typed))?.confirm()

describe('accounts', () => {
  it('are kept, without the password', async () => {
    const accounts = createAccounts(ground)
    const created = await accounts.create(alice)
    const { password: _, ...kept } = alice
    expect(created).toEqual({
      ...kept,
      status: 'active',
      version: 1,
      createdAt: ground.clock.seconds,
      updatedAt: ground.clock.seconds,
    })
    expect(await accounts.find(alice.subject)).toEqual(created)
    expect(await accounts.find('nobody')).toBeUndefined()
    expect(await accounts.find('with \u0000')).toBeUndefined()
    expect(await dump(ground)).not.toContain(password)
    expect(await dump(ground)).toContain('$scrypt$ln=15,r=8,p=3$')
  })

  it('open with their username and password', async () => {
    const accounts = createAccounts(ground)
    const created = await accounts.create(alice)
    expect(await authenticate(accounts, 'alice', password)).toEqual(created)
    expect(await authenticate(accounts, ' Alice ', password)).toEqual(created)
    for (const wrong of ['', 'alice', `${password} `, password.toUpperCase()]) {
      expect(await authenticate(accounts, 'alice', wrong)).toBeUndefined()
    }
    for (const wrong of ['', 'bob', 'alice\u0000', "alice' or '1'='1", '%']) {
      expect(await authenticate(accounts, wrong, password)).toBeUndefined()
    }
  })

  it('open with the same letters, however they were typed', async () => {
    const accounts = createAccounts(ground)
    await accounts.create({ ...alice, password: 'gr\u00fc\u00dfe an alle' })
    expect(await authenticate(accounts, 'alice', 'gru\u0308\u00dfe an alle')).toBeDefined()
    expect(await authenticate(accounts, 'alice', 'gruße an alle')).toBeUndefined()
  })

  it('stay shut while they are disabled, and lose what agents were given', async () => {
    const accounts = createAccounts(ground)
    await accounts.create(alice)
    await accounts.change(alice.subject, { status: 'disabled' }, 1, 'bob')
    expect(await authenticate(accounts, 'alice', password)).toBeUndefined()
    expect(ground.withdrawn).toEqual([{ kind: 'subject', value: alice.subject, reason: 'account_disabled', by: 'bob' }])
    await accounts.change(alice.subject, { status: 'active' })
    expect(await authenticate(accounts, 'alice', password)).toBeDefined()
    expect(ground.withdrawn).toHaveLength(1)
  })

  it('open with the new password alone after a change, and lose what agents were given', async () => {
    const accounts = createAccounts(ground)
    await accounts.create(alice)
    await accounts.change(alice.subject, { password: 'another password' })
    expect(await authenticate(accounts, 'alice', password)).toBeUndefined()
    expect(await authenticate(accounts, 'alice', 'another password')).toMatchObject({ version: 2 })
    expect(ground.withdrawn).toEqual([
      { kind: 'subject', value: alice.subject, reason: 'password_changed', by: 'server' },
    ])
  })

  it('change from the version that was looked at', async () => {
    const accounts = createAccounts(ground)
    await accounts.create(alice)
    expect(await accounts.change(alice.subject, { permissions: [] }, 1)).toMatchObject({ permissions: [], version: 2 })
    await expect(accounts.change(alice.subject, { name: 'Late' }, 1)).rejects.toThrow(StaleVersionError)
    await expect(accounts.change('nobody', { name: 'Nobody' })).rejects.toThrow(NotFoundError)
    expect(await accounts.find(alice.subject)).toMatchObject({ name: alice.name, version: 2 })
    expect(ground.withdrawn).toEqual([])
  })

  it('have a subject and a username of their own', async () => {
    const accounts = createAccounts(ground)
    await accounts.create(alice)
    await expect(accounts.create({ ...alice, username: 'other' })).rejects.toThrow(ConflictError)
    await expect(accounts.create({ ...alice, subject: 'other', username: 'ALICE' })).rejects.toThrow(ConflictError)
    await expect(accounts.create({ ...alice, subject: 'other', username: '\uff41lice' })).rejects.toThrow(ConflictError)
    expect(await accounts.create({ ...alice, subject: 'other', username: 'alice2' })).toBeDefined()
  })

  it('have no name that a client or an agent has', async () => {
    const [accounts, clients] = [createAccounts(ground), createClients(ground)]
    const metadata = { token_endpoint_auth_method: 'client_secret_basic' as const, grant_types: [], redirect_uris: [] }
    await clients.create({ id: 'billing', name: 'Billing', agentId: null, metadata })
    await expect(accounts.create({ ...alice, subject: 'billing' })).rejects.toThrow(ConflictError)
    await expect(accounts.create({ ...alice, subject: 'agent:support' })).rejects.toThrow(InvalidInputError)
    await accounts.create(alice)
    const client = { id: alice.subject, name: 'Alice', agentId: null, metadata }
    await expect(clients.create(client)).rejects.toThrow(ConflictError)
  })

  it.each([
    { subject: '' },
    { subject: 'with space' },
    { username: '' },
    { username: 'two\nlines' },
    { password: 'short' },
    { password: 'x'.repeat(1_001) },
    { permissions: ['a', 'a'] },
    { name: '' },
    { admin: true },
  ])('refuse %j, and do not repeat it', async (wrong) => {
    const accounts = createAccounts(ground)
    const refused = accounts.create({ ...alice, ...wrong })
    await expect(refused).rejects.toThrow(InvalidInputError)
    await expect(refused).rejects.toThrow(/^account\.?\w*: (?!.*(?:short|xxxx|two))/u)
    expect(await accounts.list({ limit: 10 })).toEqual([])
  })

  it('are listed in order, page by page', async () => {
    const accounts = createAccounts(ground)
    for (const subject of ['c', 'a', 'b']) await accounts.create({ ...alice, subject, username: subject })
    const subjects = async (page: Parameters<typeof accounts.list>[0]) =>
      (await accounts.list(page)).map(({ subject }) => subject)
    expect(await subjects({ limit: 2 })).toEqual(['a', 'b'])
    expect(await subjects({ after: 'b', limit: 2 })).toEqual(['c'])
  })

  it('get a costlier hash when they sign in after the cost was raised', async () => {
    const accounts = createAccounts(ground)
    await accounts.create(alice)
    // 'password' under ln=4,r=8,p=1 with a salt of zeros, as an earlier version could have written it
    const { scryptSync } = await import('node:crypto')
    const salt = Buffer.alloc(16)
    const old = scryptSync(password, salt, 32, { N: 16, r: 8, p: 1 }).toString('base64url')
    const hash = `$scrypt$ln=4,r=8,p=1$${salt.toString('base64url')}$${old}`
    await ground.database.query('update accounts set password_hash = $1', [hash])
    expect(await authenticate(accounts, 'alice', 'wrong password')).toBeUndefined()
    expect(await dump(ground)).toContain('ln=4,r=8,p=1')
    expect(await authenticate(accounts, 'alice', password)).toBeDefined()
    expect(await dump(ground)).not.toContain('ln=4,r=8,p=1')
    expect(await authenticate(accounts, 'alice', password)).toBeDefined()
  })

  it.each([
    ['disabled', { status: 'disabled' as const }, false],
    ['given another password', { password: 'another password' }, false],
    ['given the same password anew', { password }, false],
    ['given another name', { name: 'Alice B.' }, true],
    ['left alone', undefined, true],
  ])('that were %s while the password was compared: signed in %s', async (_, change, isSignedIn) => {
    const accounts = createAccounts(ground)
    await accounts.create(alice)
    const authenticated = await accounts.authenticate('alice', password)
    if (change !== undefined) await accounts.change(alice.subject, change)
    const account = await authenticated?.confirm()
    expect(account !== undefined).toBe(isSignedIn)
    if (isSignedIn) expect(account).toEqual(await accounts.find(alice.subject))
  })

  it('sign two in at once who both make the hash costlier', async () => {
    const accounts = createAccounts(ground)
    await accounts.create(alice)
    const { scryptSync } = await import('node:crypto')
    const salt = Buffer.alloc(16)
    const old = scryptSync(password, salt, 32, { N: 16, r: 8, p: 1 }).toString('base64url')
    const hash = `$scrypt$ln=4,r=8,p=1$${salt.toString('base64url')}$${old}`
    await ground.database.query('update accounts set password_hash = $1', [hash])
    const both = [await accounts.authenticate('alice', password), await accounts.authenticate('alice', password)]
    for (const each of both) expect(await each?.confirm()).toMatchObject({ subject: alice.subject })
    expect(await authenticate(accounts, 'alice', password)).toBeDefined()
    expect(await dump(ground)).not.toContain('ln=4,r=8,p=1')
  })
})

describe('password hashes', () => {
  it('are salted, and cost the same for an unknown username', async () => {
    const [one, two] = await Promise.all([hashPassword(password), hashPassword(password)])
    expect(one).not.toBe(two)
    expect(await isPassword(password, one)).toBe(true)
    expect(await isPassword('wrong', one)).toBe(false)
    const parameters = (hash: string) => hash.split('$').slice(0, 3)
    const lengths = (hash: string) => hash.split('$').map((part) => part.length)
    expect(parameters(nobody)).toEqual(parameters(one))
    expect(lengths(nobody)).toEqual(lengths(one))
    expect(await isPassword('', nobody)).toBe(false)
  })

  it('of another kind are no hashes', async () => {
    for (const hash of ['', 'plain', '$2b$10$abc', '$scrypt$$$']) {
      await expect(isPassword(password, hash)).rejects.toThrow('unknown kind')
    }
  })
})
