import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthServer } from '@behalf/auth-server'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../packages/auth-server/dist/database/open.js'
import { createPlace, type Place, run } from '../program/program.js'
import { issuer } from './support.js'

const key = randomBytes(32).toString('base64url')
const events = 8

let place: Place
let file: string
let exported: string
let logFile: string

beforeAll(async () => {
  place = await createPlace()
  await place.file('encryption.key', `${key}\n`)
  file = await place.configuration({ issuer, database: 'data', encryptionKeyFiles: ['encryption.key'] })
  const log: string[] = []
  const server = await createAuthServer({
    ...{ issuer, database: join(place.folder, 'data'), encryptionKey: key, instance: 'one' },
    log: pino({}, { write: (line: string) => log.push(line) }),
  })
  const { audit } = server.context
  for (let index = 0; index < events; index += 1) {
    await audit.record({ type: 'login.succeeded', decision: 'allow', subject: { id: `user_${index}` } })
  }
  await audit.checkpoint()
  const lines: string[] = []
  for await (const page of await audit.readAll({})) lines.push(...page.map((event) => `${JSON.stringify(event)}\n`))
  await server.close()
  exported = await place.file('events.jsonl', lines.join(''))
  logFile = await place.file('server.log', `starting\n${log.join('')}`)
})
afterAll(() => place.remove())

async function program(...args: readonly string[]) {
  const { ended, output } = run(['audit', ...args])
  const { code } = await ended
  return { code, out: output.out, error: output.error }
}

/** Changes the database as whoever owns it can. */
async function tamper(statement: string): Promise<void> {
  const database = await openDatabase(join(place.folder, 'data'), pino({ level: 'silent' }))
  await database.transaction(async () => {
    await database.query('set local session_replication_role = replica')
    await database.query(statement)
  })
  await database.close()
}

describe('audit verify', () => {
  it('reads the trail in the database, and names the record in which a byte was flipped', async () => {
    const intact = await program('verify', file)
    expect([intact.code, intact.error]).toEqual([0, ''])
    expect(intact.out).toMatch(/^intact: \d+ events in 1 chains\n$/)
    expect((await program('verify', file)).out).toBe(intact.out)
    const flip = (from: string, to: string) =>
      tamper(`update audit_events set event = replace(event, '${from}', '${to}') where subject = 'user_3'`)
    await flip('user_3', 'user_4')
    const { code, out } = await program('verify', file)
    expect(code).toBe(1)
    expect(out).toMatch(/^one\/\w+ record \d+: altered\nnot intact: \d+ events in 1 chains\n$/)
    await flip('user_4', 'user_3')
    expect((await program('verify', file)).code).toBe(0)
  })

  it('finds a chain that was cut back together with its checkpoints, with the log of the server', async () => {
    const withLog = () => program('verify', file, '--checkpoints', logFile)
    expect((await withLog()).code).toBe(0)
    const copies = ['audit_events', 'audit_checkpoints', 'audit_chains']
    for (const table of copies) await tamper(`create table kept_${table} as select * from ${table}`)
    await tamper('delete from audit_checkpoints')
    await tamper('delete from audit_events where seq > 4')
    await tamper('update audit_chains set seq = 4, hash = (select hash from audit_events where seq = 4)')
    expect((await program('verify', file)).out).toMatch(/^intact: 4 events/)
    const { code, out } = await withLog()
    expect([code, out]).toEqual([1, expect.stringMatching(/^one\/\w+ record 5: truncated\n/)])
    for (const table of copies) {
      await tamper(`delete from ${table}`)
      await tamper(`insert into ${table} select * from kept_${table}`)
    }
    expect((await withLog()).code).toBe(0)
  })

  it('says when there is no trail to read', async () => {
    const memory = await place.configuration({ issuer }, 'memory.yaml')
    expect(await program('verify', memory)).toMatchObject({
      code: 1,
      out: '',
      error: expect.stringMatching(/^database is in memory/),
    })
  })
})

describe('audit verify-export', () => {
  it('finds a byte that was flipped, with no server at hand', async () => {
    expect(await program('verify-export', exported)).toMatchObject({ code: 0, error: '' })
    const text = await readFile(exported, 'utf8')
    const altered = await place.file('altered.jsonl', text.replace('user_3', 'user_4'))
    const { code, out } = await program('verify-export', altered)
    expect(code).toBe(1)
    expect(out).toMatch(/^one\/\w+ record \d+: altered\nnot intact: \d+ events in 1 chains\n$/)
  })

  it('finds a tail that was cut, with the log of the server', async () => {
    const lines = (await readFile(exported, 'utf8')).trimEnd().split('\n')
    const cut = await place.file('cut.jsonl', `${lines.slice(0, -3).join('\n')}\n`)
    expect((await program('verify-export', exported, '--checkpoints', logFile)).code).toBe(0)
    const { code, out } = await program('verify-export', cut, '--checkpoints', logFile)
    expect([code, out]).toEqual([1, expect.stringContaining(': truncated\n')])
  })

  it('finds that a chain is gone which the log tells of, in a line about another', async () => {
    const tell = async (newest: object) => {
      const text = await readFile(logFile, 'utf8')
      const lines = text.split('\n').filter((line) => line.includes('"newest"'))
      expect(lines).not.toEqual([])
      return place.file('told.log', lines.map((line) => JSON.stringify({ ...JSON.parse(line), newest })).join('\n'))
    }
    const gone = await tell({ chain: 'gone/x', number: 3, seq: 7, hash: 'sha256:x' })
    for (const args of [
      ['verify-export', exported],
      ['verify', file],
    ]) {
      const { code, out } = await program(...args, '--checkpoints', gone)
      expect([code, out]).toEqual([
        1,
        expect.stringMatching(/^gone\/x record 7: missing\nnumber 2 record 1: missing\n/),
      ])
    }
    const strange = await tell({ chain: 'gone/x' })
    expect((await program('verify-export', exported, '--checkpoints', strange)).code).toBe(0)
  })

  it('says what it cannot read', async () => {
    expect(await program('verify-export', join(place.folder, 'none'))).toMatchObject({
      ...{ code: 1, error: expect.stringMatching(/none cannot be read\n$/) },
    })
    expect(await program('verify-export', logFile)).toMatchObject({
      ...{ code: 1, error: expect.stringMatching(/server\.log line 1 is no event of an export\n$/) },
    })
  })
})

it('the README shows commands that run', async () => {
  const readme = await readFile(new URL('../../../packages/auth-server/README.md', import.meta.url), 'utf8')
  const commands = [...readme.matchAll(/^behalf-auth-server (audit .*)$/gm)].map(([, words = '']) => words.split(' '))
  expect(commands).toHaveLength(2)
  for (const words of commands) {
    const { ended } = run(words.map((word) => (word.includes('.') ? join(place.folder, word) : word)))
    expect((await ended).code).toBe(0)
  }
})

it.each([
  ['audit takes verify or verify-export', ['audit']],
  ['audit takes verify or verify-export', ['audit', 'check', 'x']],
  ['audit verify takes one file', ['audit', 'verify']],
  ['audit verify-export takes one file', ['audit', 'verify-export', 'a', 'b']],
  ['checkpoints are for audit', ['auth.yaml', '--checkpoints', 'b']],
])('%s: %j', async (fault, args) => {
  const { ended, output } = run(args)
  expect((await ended).code).toBe(2)
  expect(output.error.startsWith(`${fault}\n\nUsage: `)).toBe(true)
})
