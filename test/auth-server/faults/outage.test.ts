import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../../packages/auth-server/dist/database/open.js'
import { describeWith } from '../../support/services.js'
import { createScene, type Scene, type TokenAnswer } from '../exchange/scene.js'
import { createPostgresDatabase, encryptionKey, hasPostgres } from '../support/ground.js'
import { nothingHalf, unmatched } from './ledger.js'
import { createProxy, type DatabaseProxy, type Fate } from './proxy.js'

/** What is asked for where it is not `billing:read`: a just-in-time grant is given and used. */
type Permission = 'billing:auto'

/** Where an issuance is cut off: the first statement that looks like this. */
const places: readonly { readonly name: string; readonly place: RegExp; readonly scope?: Permission }[] = [
  { name: 'as it begins', place: /^begin/u },
  { name: 'while the client is looked up', place: /^select \* from clients/u },
  { name: 'while its secret is compared', place: /from client_secrets/u },
  { name: 'while the subject token is looked up', place: /from issued_tokens where token_id/u },
  { name: 'while the policy is looked at', place: /from policy_versions/u },
  { name: 'while all that it rests on is held', place: /from agents join clients.* for share/su },
  { name: 'before what is taken once', place: /^savepoint/u, scope: 'billing:auto' },
  { name: 'while the use of a grant is taken', place: /update grants/u, scope: 'billing:auto' },
  { name: 'while the token is written', place: /insert into issued_tokens/u },
  { name: 'between the token and its event', place: /^release savepoint/u, scope: 'billing:auto' },
  { name: 'while the chain of events is held', place: /from audit_chains/u },
  { name: 'while the event is written', place: /insert\s+into audit_events/u },
  { name: 'as it is committed', place: /^commit/u },
]

describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'a server whose database is cut off', () => {
  let database: Awaited<ReturnType<typeof createPostgresDatabase>>
  let direct: Awaited<ReturnType<typeof openDatabase>>
  let proxy: DatabaseProxy
  let scene: Scene
  let subject: string

  beforeAll(async () => {
    database = await createPostgresDatabase()
    direct = await openDatabase(database.url, pino({ level: 'silent' }))
    proxy = await createProxy(database.url)
    scene = await createScene({ database: proxy.url, encryptionKey: encryptionKey() })
    subject = await scene.personToken()
  })
  afterEach(() => {
    proxy.fate = () => 'pass'
    proxy.delay = 0
    proxy.resume()
  })
  afterAll(async () => {
    await scene.server.close()
    await proxy.close()
    await direct.close()
    await database.drop()
  })

  const exchange = (scope?: Permission): Promise<TokenAnswer> =>
    scene.exchange({ fields: { subject_token: subject, ...(scope && { scope }) } })

  /** An outage: none of the client's doing, to be tried again, and without a token. */
  function demandOutage(answer: TokenAnswer): void {
    expect(answer).toMatchObject({ status: 503, token: '', body: { error: 'temporarily_unavailable' } })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  }

  async function demandWhole(): Promise<void> {
    expect(await unmatched(direct)).toEqual(nothingHalf)
  }

  /** What was cut off leaves at most one request behind that finds its connection broken. */
  async function demandRecovery(): Promise<void> {
    await expect.poll(async () => (await exchange()).status, { timeout: 10_000 }).toBe(200)
    expect((await exchange()).status).toBe(200)
    expect((await fetch(`${scene.issuer}/readyz`)).status).toBe(200)
  }

  /** Once: the next statement that looks like it. */
  function once(place: RegExp, fate: Fate): () => boolean {
    let isDone = false
    proxy.fate = (statement) => {
      if (isDone || !place.test(statement)) return 'pass'
      isDone = true
      return fate
    }
    return () => isDone
  }

  describe.each(places)('$name', ({ place, scope }) => {
    test.each(['cut', 'cut_answer'] as const)('%s: 503, nothing half, and the next one is answered', async (fate) => {
      const isDone = once(place, fate)
      const answer = await exchange(scope)
      expect(isDone()).toBe(true)
      demandOutage(answer)
      await demandWhole()
      await demandRecovery()
    })
  })

  test('an own token of an agent is no other', async () => {
    const isDone = once(/insert into issued_tokens/u, 'cut')
    demandOutage(await scene.direct())
    expect(isDone()).toBe(true)
    expect((await scene.direct()).status).toBe(200)
  })

  test('while the database is gone: 503 for every endpoint that needs it; alive but not ready', async () => {
    await proxy.stop()
    demandOutage(await exchange())
    demandOutage(await scene.direct())
    const form = new URLSearchParams({ token: subject })
    const headers = { Authorization: `Basic ${btoa('billing-api:x')}` }
    for (const path of ['/token/introspection', '/token/revocation']) {
      expect((await fetch(scene.issuer + path, { method: 'POST', body: form, headers })).status).toBe(503)
    }
    expect((await fetch(`${scene.issuer}/healthz`)).status).toBe(200)
    expect((await fetch(`${scene.issuer}/readyz`)).status).toBe(503)
    for (const path of ['/jwks', '/.well-known/openid-configuration']) {
      expect((await fetch(scene.issuer + path)).status).toBe(200)
    }
    await proxy.start()
    await demandRecovery()
    await demandWhole()
  })

  test('connections that end at random while many ask: each is answered with a token or 503', async () => {
    let isOver = false
    const cutter = (async () => {
      while (!isOver) {
        await wait(40)
        await direct.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and random() < 0.4`,
        )
      }
    })()
    const answers: TokenAnswer[] = []
    const worker = async (): Promise<void> => {
      for (let count = 0; count < 15; count++) answers.push(await exchange())
    }
    await Promise.all(Array.from({ length: 6 }, worker))
    isOver = true
    await cutter

    const refused = answers.filter(({ status }) => status !== 200)
    for (const answer of refused) demandOutage(answer)
    expect(answers.some(({ status }) => status === 200)).toBe(true)
    const issued = answers.filter(({ status }) => status === 200).map(({ claims }) => String(claims.jti))
    const kept = await direct.query(
      'select from issued_tokens where token_id = any (select jsonb_array_elements_text($1))',
      [JSON.stringify(issued)],
    )
    expect(kept).toHaveLength(issued.length)
    await demandRecovery()
    await demandWhole()
    expect((await scene.server.context.audit.verify()).intact).toBe(true)
  })

  test('a database that answers no more: 503 after a while, for those that wait for a connection too; then it goes on', async () => {
    proxy.pause()
    const answers = await Promise.all(Array.from({ length: 30 }, () => exchange()))
    for (const answer of answers) demandOutage(answer)
    proxy.resume()
    await demandRecovery()
    await demandWhole()
  })

  test('a row that somebody holds for too long: 503, and nothing half', async () => {
    let held: TokenAnswer | undefined
    await direct.transaction(async () => {
      await direct.query("select from agents where id = 'agent:support' for update")
      held = await exchange()
    })
    if (held === undefined) throw new Error('there was no answer')
    demandOutage(held)
    await demandRecovery()
    await demandWhole()
  })

  test('requests that never come to an end take no connection from the others', async () => {
    const { hostname: host, port } = new URL(scene.issuer)
    const half =
      'POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\ng'
    const slow = Array.from({ length: 30 }, () => connect({ host, port: Number(port) }).on('error', () => {}))
    try {
      await Promise.all(slow.map((socket) => new Promise((resolve) => socket.write(half, resolve))))
      expect((await exchange()).status).toBe(200)
      expect(
        await direct.query(
          "select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'",
        ),
      ).toEqual([])
    } finally {
      for (const socket of slow) socket.destroy()
    }
  })

  test('a slow database slows down, and no more', async () => {
    proxy.delay = 20
    const answers = await Promise.all(Array.from({ length: 30 }, () => exchange()))
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect(proxy.open).toBeLessThanOrEqual(20)
  })
})
