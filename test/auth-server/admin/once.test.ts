import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeWith, isListening } from '../../support/services.js'
import { type Admin, call, personToken, startAdmin } from './support.js'

describe('Idempotency-Key', () => {
  let admin: Admin
  let token: string
  beforeAll(async () => {
    admin = await startAdmin()
    token = await personToken(admin)
  })
  afterAll(() => admin.close())

  const post = (path: string, key: string, body?: unknown, by = token) =>
    call(admin, 'POST', path, { token: by, body, headers: { 'idempotency-key': key } })

  test('a repeated request gets the first answer, and is not done again', async () => {
    const key = randomUUID()
    const first = await post('/clients/console/secrets', key, { lifetime: 3600 })
    const again = await post('/clients/console/secrets', key, { lifetime: 3600 })
    expect(first.status).toBe(201)
    expect(first.json.secret).toEqual(expect.any(String))
    expect([again.status, again.text]).toEqual([first.status, first.text])
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    expect(again.headers.get('cache-control')).toBe('no-store')
    expect((await call(admin, 'GET', '/clients/console/secrets', { token })).json.items).toHaveLength(1)
    const other = await post('/clients/console/secrets', randomUUID(), { lifetime: 3600 })
    expect(other.json.secret).not.toBe(first.json.secret)
  })

  test('a refusal is repeated too', async () => {
    const key = randomUUID()
    const body = { id: 'agent:support', name: 'Again', owner: 'team' }
    const first = await post('/agents', key, body)
    expect([first.status, first.json.code]).toEqual([409, 'conflict'])
    const again = await post('/agents', key, body)
    expect([again.status, again.text]).toEqual([409, first.text])
  })

  test('a key belongs to one request of one caller', async () => {
    const key = randomUUID()
    const body = { id: 'agent:once', name: 'Once', owner: 'team' }
    expect((await post('/agents', key, body)).status).toBe(201)
    expect((await post('/agents', key, { ...body, name: 'Other' })).json).toMatchObject({
      status: 422,
      code: 'key_reused',
    })
    expect((await post('/agents/agent:once/unlock', key)).status).toBe(422)
    const ben = await personToken(admin, ['admin:write'], { subject: 'usr_ben' })
    expect((await post('/agents', key, { ...body, id: 'agent:bens' }, ben)).status).toBe(201)
    expect((await post('/agents', 'no spaces', body)).json.errors[0].header).toBe('Idempotency-Key')
  })

  test('nothing secret is kept in the clear', async () => {
    const { secret } = (await post('/clients/support-client/secrets', randomUUID(), {})).json
    const { rows } = await dump(admin)
    expect(rows).toContain('idempotent_answers')
    expect(rows).not.toContain(secret)
  })
})

/** Every row of every table, as text. */
async function dump({ context }: Admin): Promise<{ readonly rows: string }> {
  const tables = await context.database.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public'`,
  )
  const parts: string[] = []
  for (const { name } of tables) {
    const found = await context.database.query(`select to_jsonb(t)::text as row from "${name}" t`)
    parts.push(name, ...found.map(({ row }) => String(row)))
  }
  return { rows: parts.join('\n') }
}

const postgres = 'postgres://postgres@127.0.0.1:5432'

describeWith('PostgreSQL on 127.0.0.1:5432', await isListening(5432), 'Idempotency-Key across connections', () => {
  const name = `behalf_admin_${randomUUID().slice(0, 8)}`
  let admin: Admin
  beforeAll(async () => {
    await run(`create database ${name}`)
    admin = await startAdmin({ database: `${postgres}/${name}`, encryptionKey: 'A'.repeat(43) })
  })
  afterAll(async () => {
    await admin.close()
    await run(`drop database ${name} with (force)`)
  })

  test('of many at a time one is done; the others wait for nothing', async () => {
    const token = await personToken(admin)
    const key = randomUUID()
    const body = { id: 'agent:racing', name: 'Racing', owner: 'team' }
    const replies = await Promise.all(
      Array.from({ length: 8 }, () =>
        call(admin, 'POST', '/agents', { token, body, headers: { 'idempotency-key': key } }),
      ),
    )
    const statuses = new Set(replies.map(({ status, json }) => (status === 409 ? json.code : status)))
    expect([...statuses].every((status) => status === 201 || status === 'request_in_flight')).toBe(true)
    expect(statuses).toContain(201)
    const [row] = await admin.context.database.query<{ count: number }>(
      `select count(*)::integer as count from audit_events where type = 'agent.registered' and actor = 'agent:racing'`,
    )
    expect(row?.count).toBe(1)
  })

  test('a change that meets another one in the database is refused, and the request goes on', async () => {
    const token = await personToken(admin)
    const body = { id: 'agent:same', name: 'Same', owner: 'team' }
    const replies = await Promise.all(Array.from({ length: 4 }, () => call(admin, 'POST', '/agents', { token, body })))
    expect(replies.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409, 409])
  })

  async function run(statement: string): Promise<void> {
    const client = new Client({ connectionString: `${postgres}/postgres` })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
})
