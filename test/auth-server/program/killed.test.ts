import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createAuthServer } from '@behalf/auth-server'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeWith } from '../../support/services.js'
import { nothingHalf, unmatched } from '../faults/ledger.js'
import { createPostgresDatabase, hasPostgres } from '../support/ground.js'
import { createAgent, introspect, type TestAgent } from './agent.js'
import { createPlace, freePort, type Place, type Program, serve } from './program.js'

const encryptionKey = randomBytes(32).toString('base64url')

/** Tokens that have to be issued before the end comes, and requests that are under way when it does. */
const before = 30
const sideBySide = 6

let place: Place
let agent: TestAgent

beforeAll(async () => {
  place = await createPlace()
  agent = await createAgent()
  await place.file('encryption.key', encryptionKey)
})
afterAll(() => place.remove())

async function start(file: string): Promise<Program> {
  const program = serve([file])
  await program.until('listening')
  return program
}

/** Asks for tokens until the server is gone, and tells those that were answered. */
async function killUnderLoad(program: Program, issuer: string): Promise<readonly string[]> {
  const tokens: string[] = []
  const others = new Set<number>()
  const worker = async (): Promise<void> => {
    for (;;) {
      const { status, token } = await agent.request(issuer)
      if (status === 200) tokens.push(token)
      else if (status === 0) return
      else others.add(status)
      if (tokens.length === before) program.kill('SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: sideBySide }, worker))
  expect(await program.ended).toEqual({ code: null, signal: 'SIGKILL' })
  expect([...others]).toEqual([])
  return tokens
}

/** Kills a server twice while it issues, and looks whether everything that was answered is there, and nothing half. */
async function demandEverything(database: string): Promise<void> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const configuration = {
    ...{ issuer, database, instance: 'one', seed: agent.seed, encryptionKeyFiles: ['encryption.key'] },
    ...{ listen: { host: '127.0.0.1', port }, rateLimits: { token: 100_000 } },
  }
  const file = await place.configuration(configuration, `${port}.yaml`)
  const tokens = [...(await killUnderLoad(await start(file), issuer))]
  tokens.push(...(await killUnderLoad(await start(file), issuer)))

  const again = await start(file)
  expect(tokens.length).toBeGreaterThanOrEqual(2 * before)
  const answers: Readonly<Record<string, unknown>>[] = []
  for (const token of tokens) answers.push(await introspect(issuer, token))
  expect(answers.filter(({ active }) => active !== true)).toEqual([])
  expect((await agent.request(issuer)).status).toBe(200)
  again.kill('SIGTERM')
  expect(await again.ended).toEqual({ code: 0, signal: null })

  const where = database.startsWith('postgres') ? database : join(place.folder, database)
  const { context, close } = await createAuthServer({ issuer, database: where, encryptionKey })
  try {
    expect(await unmatched(context.database)).toEqual(nothingHalf)
    expect((await context.audit.verify()).intact).toBe(true)
    for (const token of tokens) {
      const [row] = await context.database.query('select type from audit_events where token_id = $1 and type = $2', [
        String(decodeJwt(token).jti),
        'access.issued',
      ])
      expect(row).toBeDefined()
    }
  } finally {
    await close()
  }
}

describe('a server on a folder that is killed while it issues', () => {
  test('has on record every token that was answered, and no half of one', () => demandEverything('state'))
})

describeWith(
  'PostgreSQL on 127.0.0.1:5432',
  hasPostgres,
  'a server on PostgreSQL that is killed while it issues',
  () => {
    test('has on record every token that was answered, and no half of one', async () => {
      const database = await createPostgresDatabase()
      try {
        await demandEverything(database.url)
      } finally {
        await database.drop()
      }
    })
  },
)
