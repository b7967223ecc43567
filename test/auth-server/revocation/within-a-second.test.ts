import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { AuthServerOptions } from '@behalf/auth-server'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, hasPostgres } from '../support/ground.js'
import type { SignIn } from './server-process.js'

// One second from the answer of the admin call to the refusal, with a process for each part (delegation.md A30, A43).

const audience = 'https://billing.example.com'
const deadline = 1_000

const program = (name: string): string =>
  fileURLToPath(new URL(`../../dist/auth-server/revocation/${name}`, import.meta.url))

const metadata = {
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
  redirect_uris: [],
} as const
const secretOf = (id: string): string => `the secret of ${id}, which is long enough`

function seedFor(events: string): NonNullable<AuthServerOptions['seed']> {
  const client = (id: string) => ({ id, name: id, agent: `agent:${id}`, metadata, secret: secretOf(id) })
  return {
    policy: {
      schema: 'behalf-policy/1',
      resources: { [audience]: { name: 'Billing', securityEvents: events, tokenLifetime: 300 } },
      permissions: {
        'billing:read': { resource: audience, words: 'Read bills', risk: 'low', consent: 'none' },
      },
      roles: { support: { permissions: ['billing:read'] }, operator: { permissions: ['admin:revoke'] } },
      rules: [],
    },
    agents: [
      { id: 'agent:support', name: 'Support', owner: 'team', roles: ['support'] },
      { id: 'agent:other', name: 'Other', owner: 'team', roles: ['support'] },
      { id: 'agent:operator', name: 'Operator', owner: 'team', roles: ['operator'] },
    ],
    clients: [
      client('support'),
      client('other'),
      client('operator'),
      {
        id: 'app',
        name: 'App',
        metadata: { ...metadata, grant_types: ['authorization_code'], redirect_uris: ['https://app.example.com/back'] },
      },
    ],
    accounts: ['alice', 'bob'].map((name) => ({
      subject: name,
      username: name,
      name,
      password: 'a good password',
      permissions: ['billing:read'],
    })),
  }
}

/** Servers on one database, the first of which is the issuer's address, and one API. */
async function startProcesses(count: number, database?: string) {
  const children: ChildProcess[] = []
  const start = async (name: string, ...parameters: readonly string[]) => {
    const child = spawn(process.execPath, [program(name), ...parameters], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    children.push(child)
    // the line is text, and a pipe was asked for
    const [line] = (await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line')) as [string]
    return { child, line }
  }
  const ports = await Promise.all(Array.from({ length: count }, freePort))
  const issuer = `http://127.0.0.1:${ports[0]}`
  const api = `http://127.0.0.1:${(await start('api-process.js', issuer, audience)).line}`
  const options = {
    issuer,
    seed: seedFor(`${api}/events`),
    ...(database === undefined ? {} : { database, encryptionKey: randomBytes(32).toString('base64url') }),
  }
  const servers: ChildProcess[] = []
  for (const port of ports)
    servers.push((await start('server-process.js', JSON.stringify(options), String(port))).child)

  async function tokenOf(id: string, fields: Readonly<Record<string, string>>): Promise<string> {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secretOf(id))}`)}` },
      body: new URLSearchParams(fields),
    })
    const answer: unknown = await response.json()
    if (typeof answer !== 'object' || answer === null || !('access_token' in answer)) {
      throw new Error(`no token: ${JSON.stringify(answer)}`)
    }
    return String(answer.access_token)
  }

  const [first] = servers
  const last = `http://127.0.0.1:${ports.at(-1)}`
  return {
    personToken: async (signIn: Pick<SignIn, 'subject' | 'session'>): Promise<string> => {
      if (first === undefined) throw new Error('there is no server')
      first.send({ ...signIn, scope: ['billing:read'] })
      const [token] = await once(first, 'message')
      return String(token)
    },
    exchange: (id: string, subjectToken: string) =>
      tokenOf(id, {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: subjectToken,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: audience,
        scope: 'billing:read',
      }),
    direct: (id: string) =>
      tokenOf(id, { grant_type: 'client_credentials', resource: audience, scope: 'billing:read' }),
    operatorToken: () =>
      tokenOf('operator', { grant_type: 'client_credentials', resource: `${issuer}/admin`, scope: 'admin:revoke' }),
    /** Through the admin API of the last server. */
    withdraw: async (operator: string, kind: string, value: string): Promise<number> => {
      const response = await fetch(`${last}/admin/revocations`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${operator}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ kind, value, reason: 'no longer needed' }),
      })
      expect([response.status, response.ok ? '' : await response.text()]).toEqual([201, ''])
      const answer: unknown = await response.json()
      return Number(typeof answer === 'object' && answer !== null && 'ended' in answer ? answer.ended : Number.NaN)
    },
    /** What the API answers a token. */
    call: async (token: string): Promise<number> =>
      (await fetch(api, { headers: { Authorization: `Bearer ${token}` } })).status,
    close: async () => {
      for (const child of children) {
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      }
    },
  }
}

type Processes = Awaited<ReturnType<typeof startProcesses>>

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  // what listens on a port has an AddressInfo
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Milliseconds until the API refuses a token; undefined when it does not within a second. */
async function timeToRefusal({ call }: Processes, token: string, since: number): Promise<number | undefined> {
  while (performance.now() - since <= deadline) {
    if ((await call(token)) === 401) return performance.now() - since
    await sleep(5)
  }
  return undefined
}

const places: readonly (readonly [string, number, () => Promise<{ readonly url?: string; drop(): Promise<void> }>])[] =
  [
    ['one process on the embedded database', 1, async () => ({ drop: async () => {} })],
    ['two processes on PostgreSQL, asked at the other one', 2, createPostgresDatabase],
  ]

for (const [name, count, createDatabase] of places) {
  const isThere = count === 1 || hasPostgres
  describeWith('PostgreSQL on 127.0.0.1:5432', isThere, `a withdrawal at ${name}`, () => {
    let processes: Processes
    let operator: string
    let database: Awaited<ReturnType<typeof createDatabase>>

    beforeAll(async () => {
      database = await createDatabase()
      processes = await startProcesses(count, database.url)
      operator = await processes.operatorToken()
    })
    afterAll(async () => {
      await processes.close()
      await database.drop()
    })

    describe.each<readonly [string, (tokens: { person: string; child: string }) => string]>([
      ['token', ({ child }) => decodeJwt(child).jti ?? ''],
      ['token', ({ person }) => decodeJwt(person).jti ?? ''],
      ['session', ({ child }) => String(decodeJwt(child).sid)],
      ['transaction', ({ child }) => String(decodeJwt(child).txn)],
      ['subject', () => 'alice'],
      ['client', () => 'support'],
      ['agent', () => 'agent:support'],
    ])('of a %s', (kind, choose) => {
      it('is in force at the API within a second, and nothing else is refused', async () => {
        await nextSecond() // what was withdrawn before concerns what was issued before
        const person = await processes.personToken({
          subject: 'alice',
          session: `session-${randomBytes(4).toString('hex')}`,
        })
        const child = await processes.exchange('support', person)
        const other = await processes.exchange(
          'other',
          await processes.personToken({ subject: 'bob', session: 'bob-1' }),
        )
        const direct = await processes.direct('other')
        for (const token of [child, other, direct]) expect(await processes.call(token)).toBe(200)

        expect(await processes.withdraw(operator, kind, choose({ person, child }))).toBeGreaterThan(0)
        const took = await timeToRefusal(processes, child, performance.now())

        expect(took).toBeTypeOf('number')
        process.stdout.write(`${name}: ${kind} withdrawn, refused after ${took?.toFixed(0)} ms\n`)
        expect((decodeJwt(child).exp ?? 0) * 1000).toBeGreaterThan(Date.now())
        for (const token of [other, direct]) expect(await processes.call(token)).toBe(200)
      })
    })
  })
}

const nextSecond = (): Promise<void> => sleep(1_010 - (Date.now() % 1_000))
