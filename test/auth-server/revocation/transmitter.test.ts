import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { NotFoundError } from '../../../packages/auth-server/dist/errors.js'
import { backOff } from '../../../packages/auth-server/dist/revocation/back-off.js'
import type { Transmitter } from '../../../packages/auth-server/dist/revocation/transmitter.js'
import { type Receiver, startReceiver, until } from './receiver.js'
import { BILLING, createSetting, ISSUER, ORDERS, type Setting, wholeSeconds } from './setting.js'

let setting: Setting
let receiver: Receiver
let transmitter: Transmitter
/** Added to the clock, in seconds. */
let ahead = 0
/** Events of the trail that are of earlier tests. */
let told = new Set<unknown>()
const closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  setting = await createSetting({ now: () => wholeSeconds() + ahead, onQueued: () => transmitter.wake() })
})
afterAll(() => setting.close())

beforeEach(async () => {
  ahead = 0
  for (const table of ['issued_tokens', 'event_outbox', 'revocations']) {
    await setting.context.database.query(`delete from ${table}`)
  }
  told = new Set((await setting.audit.search({}, { limit: 500 })).events.map(({ id }) => id))
  receiver = await startReceiver()
  setting.resources = { [BILLING]: { name: 'Billing', securityEvents: receiver.url } }
  transmitter = setting.transmitter()
})

afterEach(async () => {
  await transmitter.close()
  for (const close of closing.splice(0)) await close()
  await receiver.close()
})

/** Withdraws so many tokens, one after the other: `jti` of the events. */
async function withdrawSome(count: number, resource = BILLING): Promise<readonly string[]> {
  for (let made = 0; made < count; made += 1) {
    const { record } = await setting.issue({ resource })
    await setting.context.revocations.withdraw({ kind: 'token', value: record.tokenId, reason: 'test', by: 'admin-1' })
  }
  const rows = await setting.context.database.query<{ event_id: string }>(
    'select event_id from event_outbox where resource = $1 order by id',
    [resource],
  )
  return rows.slice(-count).map(({ event_id: id }) => id)
}

const waiting = async (): Promise<number> => (await setting.queued(BILLING)).length

const recorded = async (type: string) =>
  (await setting.audit.search({ type }, { limit: 500 })).events.filter(({ id }) => !told.has(id))

describe('a security event', () => {
  it('is pushed as RFC 8935 says, signed, with its type, and recorded', async () => {
    transmitter.start()
    const [id] = await withdrawSome(1)
    await until(async () => (await waiting()) === 0)
    expect(receiver.requests).toEqual([{ path: '/events', type: 'application/secevent+jwt' }])
    const keys = createLocalJWKSet({ keys: [...(await setting.context.keys.published('token'))] })
    const { payload, protectedHeader } = await jwtVerify(receiver.tokens[0] ?? '', keys, {
      issuer: ISSUER,
      audience: BILLING,
      typ: 'secevent+jwt',
    })
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'secevent+jwt' })
    expect(payload).toMatchObject({ jti: id })
    expect(payload).not.toHaveProperty('sub')
    expect(payload).not.toHaveProperty('exp')
    expect(await recorded('set.sent')).toMatchObject([
      { resource: { aud: BILLING }, detail: { event: id, attempts: 1 } },
    ])
  })

  it('is sent without a wake-up too, as those of another process are', async () => {
    const unwoken = setting.transmitter()
    closing.push(() => unwoken.close())
    unwoken.start()
    await withdrawSome(1)
    await until(() => receiver.accepted.length === 1)
  })

  it('is not sent before the withdrawal is committed, and never when it is not', async () => {
    transmitter.start()
    const { record } = await setting.issue()
    const undone = setting.context.database.transaction(async () => {
      await setting.context.revocations.withdraw({ kind: 'token', value: record.tokenId, reason: 'x', by: 'y' })
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    const [id] = await withdrawSome(1)
    await until(() => receiver.accepted.length > 0)
    expect(receiver.came).toEqual([id])
  })
})

describe('an API that fails and recovers', () => {
  it('gets every event, in order, none skipped', async () => {
    receiver.reply(500, 'reset', 202)
    transmitter.start()
    const ids = await withdrawSome(5)
    await until(() => receiver.came.length === 1)
    ahead += 5
    await until(() => receiver.came.length === 2)
    expect(receiver.accepted).toEqual([])
    ahead += 10
    await until(() => receiver.accepted.length === 5)
    expect(receiver.accepted).toEqual(ids)
    expect(receiver.came.slice(0, 3)).toEqual([ids[0], ids[0], ids[0]])
    expect(await recorded('set.failed')).toMatchObject([
      { reason: { code: 'status_500' }, detail: { abandoned: false } },
    ])
    await until(async () => (await recorded('set.sent')).length === 5)
  })

  it('does not hold up another one', async () => {
    const orders = await startReceiver()
    closing.push(() => orders.close())
    setting.resources = { ...setting.resources, [ORDERS]: { name: 'Orders', securityEvents: orders.url } }
    receiver.reply('hang')
    transmitter.start()
    await withdrawSome(2)
    const ids = await withdrawSome(2, ORDERS)
    await until(() => orders.accepted.length === 2)
    expect(orders.accepted).toEqual(ids)
    expect(receiver.accepted).toEqual([])
  })

  it('waits longer each time, a minute at most, and never all at the same moment', () => {
    expect([1, 2, 3, 4, 7, 40].map((attempts) => backOff(attempts, 1))).toEqual([1, 2, 4, 8, 60, 60])
    expect([1, 2, 3, 4, 7, 40].map((attempts) => backOff(attempts, 0))).toEqual([1, 1, 2, 4, 30, 30])
  })
})

describe('an event that an API refuses', () => {
  it('is set aside after some attempts, and those behind it get through', async () => {
    const refusal = { status: 400, body: JSON.stringify({ err: 'invalid_request', description: 'no' }) }
    receiver.reply(refusal, refusal, refusal, refusal, refusal, refusal, refusal, refusal, 202)
    transmitter.start()
    const [first, second] = await withdrawSome(2)
    for (let came = 1; came <= 8; came += 1) {
      await until(() => receiver.came.length >= came)
      ahead += 120
    }
    await until(() => receiver.accepted.length === 1)
    expect(receiver.accepted).toEqual([second])
    expect((await recorded('set.failed')).at(-1)).toMatchObject({
      reason: { code: 'invalid_request' },
      detail: { event: first, attempts: 8, abandoned: true },
    })
  })

  it('is given up when the API takes none any more', async () => {
    const [first] = await withdrawSome(1)
    setting.resources = { [BILLING]: { name: 'Billing' } }
    transmitter.start()
    await until(async () => (await waiting()) === 0)
    expect(receiver.came).toEqual([])
    expect(await recorded('set.failed')).toMatchObject([
      { reason: { code: 'not_registered' }, detail: { event: first, abandoned: true } },
    ])
  })
})

describe('where events go', () => {
  it('is never what a redirect says', async () => {
    const elsewhere = await startReceiver()
    closing.push(() => elsewhere.close())
    receiver.reply({ status: 307, headers: { location: elsewhere.url } })
    transmitter.start()
    await withdrawSome(1)
    await until(async () => (await recorded('set.failed')).length === 1)
    expect(elsewhere.came).toEqual([])
    expect(await recorded('set.failed')).toMatchObject([{ reason: { code: 'status_307' } }])
  })

  it.each(['http://api.example.com/events', 'ftp://127.0.0.1/', 'https://user:secret@api.example.com/'])(
    'is never %s',
    async (url) => {
      setting.resources = { [BILLING]: { name: 'Billing', securityEvents: url } }
      transmitter.start()
      await withdrawSome(1)
      await until(async () => (await recorded('set.failed')).length === 1)
      expect(await recorded('set.failed')).toMatchObject([{ reason: { code: 'address_not_allowed' } }])
    },
  )
})

describe('a verification event', () => {
  it('tries out the way, and brings its state', async () => {
    transmitter.start()
    const id = await setting.context.streams.verify(BILLING, 'state-1')
    await until(() => receiver.accepted.length === 1)
    expect(receiver.accepted).toEqual([id])
    const [, claims = ''] = (receiver.tokens[0] ?? '').split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      aud: BILLING,
      events: { 'https://schemas.openid.net/secevent/ssf/event-type/verification': { state: 'state-1' } },
    })
  })

  it('is refused for an API that takes no events', async () => {
    await expect(setting.context.streams.verify(ORDERS)).rejects.toThrow(NotFoundError)
  })
})

describe('the state of a stream', () => {
  const state = async () => (await setting.context.streams.list({ limit: 10 }))[0]

  it('says what waits, since when, what became of the last attempt, and when the next one is', async () => {
    await setting.context.database.query('delete from event_streams')
    const idle = { resource: BILLING, address: receiver.url, waiting: 0, waitingSince: null, attempts: 0 }
    const never = { nextAttempt: null, deliveredAt: null, failedAt: null, error: null }
    expect(await state()).toEqual({ ...idle, ...never })
    receiver.reply(503, 202)
    const since = setting.context.now()
    await withdrawSome(2)
    transmitter.start()
    await until(async () => (await state())?.error === 'status_503')
    const failed = await state()
    expect(failed).toMatchObject({ waiting: 2, attempts: 1, deliveredAt: null })
    expect(failed?.waitingSince).toBeGreaterThanOrEqual(since)
    expect(failed?.nextAttempt).toBeGreaterThan(failed?.failedAt ?? 0)
    ahead += 5
    await until(async () => (await state())?.waiting === 0)
    const { deliveredAt, ...rest } = (await state()) ?? {}
    expect(deliveredAt).toBeGreaterThanOrEqual(since + 5)
    expect(rest).toEqual({ ...idle, nextAttempt: null, failedAt: failed?.failedAt, error: 'status_503' })
  })

  it('is told for each API that receives events, in order', async () => {
    const names = async (page: { after?: string; limit: number }) =>
      (await setting.context.streams.list(page)).map(({ resource }) => resource)
    setting.resources = { ...setting.resources, [ORDERS]: { name: 'Orders' } }
    expect(await names({ limit: 10 })).toEqual([BILLING])
    setting.resources = {
      [ORDERS]: { name: 'Orders', securityEvents: receiver.url },
      [BILLING]: setting.resources[BILLING] ?? { name: 'Billing' },
    }
    expect(await names({ limit: 10 })).toEqual([BILLING, ORDERS])
    expect(await names({ limit: 1 })).toEqual([BILLING])
    expect(await names({ after: BILLING, limit: 10 })).toEqual([ORDERS])
  })
})

describe('closing', () => {
  it('ends a delivery under way and hands the event back at once', async () => {
    receiver.reply('hang', 202)
    transmitter.start()
    const [id] = await withdrawSome(1)
    await until(() => receiver.came.length === 1)
    await transmitter.close()
    expect(await waiting()).toBe(1)
    transmitter = setting.transmitter()
    transmitter.start()
    await until(() => receiver.accepted.length === 1)
    expect(receiver.accepted).toEqual([id])
  })
})

describe('a token that was issued in a transaction the withdrawal could not see', () => {
  it('ends when it comes to light', async () => {
    await setting.context.revocations.withdraw({ kind: 'session', value: 's-1', reason: 'signed out', by: 'user-1' })
    const late = await setting.issue({ sessionId: 's-1' })
    await setting.context.database.query('update issued_tokens set issued_at = issued_at - 1')
    transmitter.start()
    await until(() => receiver.accepted.length === 1)
    expect(await setting.context.tokens.verify(late.token)).toBe(undefined)
    ahead += 2
    const next = await setting.issue({ sessionId: 's-1' })
    ahead += 2
    await withdrawSome(1)
    await until(() => receiver.accepted.length === 2)
    expect(await setting.context.tokens.verify(next.token)).toMatchObject({ tokenId: next.record.tokenId })
  })
})
