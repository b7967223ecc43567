import { createHash } from 'node:crypto'
import { createResourceServer, createRevocationList, type SecurityEvent } from '@behalf/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { NotFoundError } from '../../../packages/auth-server/dist/errors.js'
import type { Withdrawal } from '../../../packages/auth-server/dist/revocation/revocation.js'
import { addAgent, addEntity, BILLING, createSetting, ISSUER, ORDERS, type Setting, wholeSeconds } from './setting.js'

let setting: Setting

beforeAll(async () => {
  setting = await createSetting()
  await addAgent(setting.context.database, 'agent:support', 'agent-support')
  await addAgent(setting.context.database, 'agent:research', 'agent-research')
})
afterAll(() => setting.close())

beforeEach(async () => {
  const { database } = setting.context
  for (const table of ['issued_tokens', 'event_outbox', 'revocations', 'grants', 'consents', 'protocol_entities']) {
    await database.query(`delete from ${table}`)
  }
  setting.resources = {
    [BILLING]: { name: 'Billing', securityEvents: 'http://127.0.0.1:1/events' },
    [ORDERS]: { name: 'Orders', securityEvents: 'http://127.0.0.1:1/events' },
  }
})

const withdraw = (kind: Withdrawal['kind'], value: string): Promise<number> =>
  setting.context.revocations.withdraw({ kind, value, reason: 'no longer needed', by: 'admin-1' })

const isInForce = async (token: string): Promise<boolean> => (await setting.context.tokens.verify(token)) !== undefined

/** An API of ours that takes every event that waits for it, and then judges tokens. */
async function receiverOf(audience: string) {
  const list = createRevocationList()
  const events: SecurityEvent[] = []
  const server = createResourceServer({
    // public keys are plain JSON Web Keys
    issuer: { issuer: ISSUER, jwks: { keys: [...(await setting.context.keys.published('token'))] as never } },
    audience,
    revocation: list,
    securityEvents: { revocations: list, onEvent: (event) => events.push(event) },
  })
  const receiver = server.securityEvents()
  return {
    events,
    list,
    takeAll: async () => {
      for (const claims of await setting.queued(audience)) {
        const set = await setting.context.keys.sign('token', { typ: 'secevent+jwt' }, claims)
        const answer = await receiver.receive(set, 'application/secevent+jwt')
        expect([answer.status, answer.body]).toEqual([202, ''])
      }
    },
    judge: async (token: string) => {
      const decision = await server.authorize(
        new Request(`${audience}/`, { headers: { authorization: `Bearer ${token}` } }),
      )
      return decision.allowed ? 'allowed' : decision.error.code
    },
  }
}

/** Consent, grant and what the engine keeps: each withdrawal ends its own. */
const kinds: readonly (readonly [Withdrawal['kind'], string, object, object])[] = [
  ['grant', 'grant-1', { grantId: 'grant-1' }, { grantId: 'grant-2' }],
  ['consent', 'consent-1', { consents: ['consent-0', 'consent-1'] }, { consents: ['consent-10'] }],
  ['agent', 'agent:support', {}, { agentId: 'agent:research', clientId: 'agent-research' }],
  ['client', 'agent-support', {}, { clientId: 'agent-research' }],
  ['session', 'session-1', { sessionId: 'session-1' }, { sessionId: 'session-2' }],
  ['subject', 'user-1', {}, { subject: 'user-2' }],
  ['transaction', 'task-1', { transaction: 'task-1' }, { transaction: 'task-2' }],
]

async function addRows(): Promise<void> {
  const { database } = setting.context
  for (const id of ['grant-1', 'grant-2']) {
    await database.query(
      `insert into grants (id, agent_id, subject, resource, scope, justification, status, duration, requested_at)
       values ($1, $2, 'user-9', $3, '[]', 'because', 'approved', 60, 0)`,
      [id, id === 'grant-1' ? 'agent:support' : 'agent:research', BILLING],
    )
  }
  for (const id of ['consent-0', 'consent-1', 'consent-10']) {
    await database.query(
      `insert into consents (id, subject, agent_id, permission, resource, mode, status, created_at)
       values ($1, 'user-1', 'agent:support', 'billing:read', $2, 'once', 'granted', 0)`,
      [id, BILLING],
    )
  }
}

describe.each(kinds)('withdrawing a %s', (kind, value, own, other) => {
  it('ends the tokens that rest on it, those made from them, and no other', async () => {
    await addRows()
    const parent = await setting.issue(own)
    const child = await setting.issue({ ...other, parentId: parent.record.tokenId, resource: ORDERS })
    const grandchild = await setting.issue({ ...other, parentId: child.record.tokenId })
    const stranger = await setting.issue(other)
    const strangersChild = await setting.issue({ ...other, parentId: stranger.record.tokenId })

    expect(await withdraw(kind, value)).toBe(3)

    for (const { token } of [parent, child, grandchild]) expect(await isInForce(token)).toBe(false)
    for (const { token } of [stranger, strangersChild]) expect(await isInForce(token)).toBe(true)
    expect(await withdraw(kind, value)).toBe(0)
  })

  it('is told to the APIs so that each refuses exactly those', async () => {
    await addRows()
    const parent = await setting.issue(own)
    const child = await setting.issue({ ...other, parentId: parent.record.tokenId, resource: ORDERS })
    const grandchild = await setting.issue({ ...other, parentId: child.record.tokenId })
    const stranger = await setting.issue(other)
    const [billing, orders] = [await receiverOf(BILLING), await receiverOf(ORDERS)]
    expect(await billing.judge(parent.token)).toBe('allowed')
    expect(await orders.judge(child.token)).toBe('allowed')

    await withdraw(kind, value)
    await Promise.all([billing.takeAll(), orders.takeAll()])

    expect(await billing.judge(parent.token)).toBe('token_revoked')
    expect(await orders.judge(child.token)).toBe('token_revoked')
    expect(await billing.judge(grandchild.token)).toBe('token_revoked')
    expect(await billing.judge(stranger.token)).toBe('allowed')
    expect(billing.events.every(({ revocations }) => revocations.length > 0)).toBe(true)
  })

  it('is recorded with who, what and why', async () => {
    await addRows()
    const { record } = await setting.issue(own)
    await withdraw(kind, value)
    const { events } = await setting.audit.search({}, { limit: 500 })
    const event = events.findLast(({ detail }) => JSON.stringify(detail).includes(record.tokenId))
    const types: Record<string, string> = { consent: 'consent.withdrawn', grant: 'jit.revoked' }
    expect(event).toMatchObject({
      type: types[kind] ?? 'token.revoked',
      change: { by: 'admin-1' },
      detail: { kind, value, reason: 'no longer needed', tokens: [record.tokenId] },
    })
    const owner = { consent: 'user-1', grant: 'user-9' }[kind as string]
    if (owner !== undefined) expect(event).toMatchObject({ subject: { id: owner }, actor: { id: 'agent:support' } })
    const marks = await setting.context.database.query('select kind, value, issuer, before from revocations')
    expect(marks).toEqual([{ kind, value, issuer: ISSUER, before: expect.closeTo(wholeSeconds(), -1) }])
  })
})

describe('withdrawing one token', () => {
  it('ends it and those made from it, and names each to its own API', async () => {
    const parent = await setting.issue()
    const sibling = await setting.issue()
    const child = await setting.issue({ parentId: parent.record.tokenId, resource: ORDERS })
    expect(await withdraw('token', parent.record.tokenId)).toBe(2)
    const [billing, orders] = [await receiverOf(BILLING), await receiverOf(ORDERS)]
    await Promise.all([billing.takeAll(), orders.takeAll()])
    expect([...billing.list.entries()].map(({ tokenId }) => tokenId)).toEqual([parent.record.tokenId])
    expect([...orders.list.entries()].map(({ tokenId }) => tokenId)).toEqual([child.record.tokenId])
    expect(await billing.judge(sibling.token)).toBe('allowed')
  })

  it('ends those that were made from one that had ended before', async () => {
    const parent = await setting.issue()
    await withdraw('token', parent.record.tokenId)
    const child = await setting.issue({ parentId: parent.record.tokenId })
    expect(await withdraw('token', parent.record.tokenId)).toBe(1)
    expect(await isInForce(child.token)).toBe(false)
  })

  it('of a person ends the refresh tokens beside it', async () => {
    const { database } = setting.context
    const grant = createHash('sha256').update('pg-1').digest('base64url')
    await addEntity(database, { model: 'RefreshToken', content: {}, grantId: 'pg-1' })
    await addEntity(database, { model: 'Grant', content: {}, id: grant })
    const other = await addEntity(database, { model: 'RefreshToken', content: {}, grantId: 'pg-2' })
    const { record } = await setting.issue({
      kind: 'subject',
      agentId: null,
      protocolGrantId: 'pg-1',
      resource: ISSUER,
    })
    await withdraw('token', record.tokenId)
    expect(await database.query('select id from protocol_entities')).toEqual([{ id: other }])
  })

  it('tells no API of what is not its own, and none that takes no events', async () => {
    setting.resources = {
      [BILLING]: { name: 'Billing' },
      [ORDERS]: { name: 'Orders', securityEvents: 'https://o.example' },
    }
    const { record } = await setting.issue()
    await withdraw('token', record.tokenId)
    expect(await setting.queued(BILLING)).toEqual([])
    expect(await setting.queued(ORDERS)).toEqual([])
  })

  it('names many in as few events as receivers take', async () => {
    const parent = await setting.issue({ resource: ORDERS })
    const children: { readonly token: string }[] = []
    for (let count = 0; count < 70; count += 1) {
      children.push(await setting.issue({ parentId: parent.record.tokenId }))
    }
    await withdraw('token', parent.record.tokenId)
    expect(await setting.queued(BILLING)).toHaveLength(3)
    const billing = await receiverOf(BILLING)
    await billing.takeAll()
    for (const { token } of children) expect(await billing.judge(token)).toBe('token_revoked')
  })
})

describe('what ends beside tokens', () => {
  it('an agent: its direct tokens, its just-in-time grants, what its clients hold', async () => {
    const { database } = setting.context
    await addRows()
    const direct = await setting.issue({ kind: 'direct', subject: 'agent-support' })
    await addEntity(database, { model: 'RefreshToken', content: { clientId: 'agent-support' } })
    const other = await addEntity(database, { model: 'RefreshToken', content: { clientId: 'agent-research' } })
    const billing = await receiverOf(BILLING)
    expect(await billing.judge(direct.token)).toBe('allowed')
    await withdraw('agent', 'agent:support')
    await billing.takeAll()
    expect(await billing.judge(direct.token)).toBe('token_revoked')
    expect(await database.query('select id, status from grants order by id')).toEqual([
      { id: 'grant-1', status: 'revoked' },
      { id: 'grant-2', status: 'approved' },
    ])
    expect(await database.query('select id from protocol_entities')).toEqual([{ id: other }])
  })

  it('a chain: a token that another agent made from one of the agent', async () => {
    const act = { iss: ISSUER, sub: 'agent:research', act: { iss: ISSUER, sub: 'agent:support' } }
    const own = await setting.issue()
    const next = await setting.issue({
      parentId: own.record.tokenId,
      agentId: 'agent:research',
      clientId: 'agent-research',
      claims: { act },
    })
    await withdraw('agent', 'agent:support')
    expect(await isInForce(next.token)).toBe(false)
    expect(await setting.queued(BILLING)).toHaveLength(1)
  })

  it('a session: the sign-in and the refresh tokens of it', async () => {
    const { database } = setting.context
    await addEntity(database, { model: 'Session', content: { uid: 's-1' }, uid: 's-1' })
    await addEntity(database, { model: 'RefreshToken', content: { sessionUid: 's-1' }, grantId: 'pg-1' })
    const other = await addEntity(database, { model: 'Session', content: { uid: 's-2' }, uid: 's-2' })
    await withdraw('session', 's-1')
    expect(await database.query('select id from protocol_entities')).toEqual([{ id: other }])
  })

  it('a person: every sign-in', async () => {
    const { database } = setting.context
    await addEntity(database, { model: 'Session', content: { accountId: 'user-1' }, uid: 's-1' })
    const other = await addEntity(database, { model: 'Session', content: { accountId: 'user-2' }, uid: 's-2' })
    await withdraw('subject', 'user-1')
    expect(await database.query('select id from protocol_entities')).toEqual([{ id: other }])
  })

  it('a task: its consents and its grants', async () => {
    const { database } = setting.context
    await addRows()
    await database.query("update consents set transaction = 'task-1' where id = 'consent-1'")
    await database.query("update grants set transaction = 'task-1' where id = 'grant-1'")
    await withdraw('transaction', 'task-1')
    expect(await database.query("select id from consents where status = 'withdrawn'")).toEqual([{ id: 'consent-1' }])
    expect(await database.query("select id from grants where status = 'revoked'")).toEqual([{ id: 'grant-1' }])
  })
})

describe('a withdrawal', () => {
  it.each<Withdrawal['kind']>(['token', 'grant', 'consent', 'agent', 'client'])(
    'of no %s there is fails',
    async (kind) => {
      await expect(withdraw(kind, 'nobody')).rejects.toThrow(NotFoundError)
      expect(await setting.context.database.query('select id from revocations')).toEqual([])
    },
  )

  it('leaves nothing behind when it cannot be recorded whole', async () => {
    const { token, record } = await setting.issue()
    const whole = setting.context.database.transaction(async () => {
      await withdraw('token', record.tokenId)
      throw new Error('the request failed')
    })
    await expect(whole).rejects.toThrow('the request failed')
    expect(await isInForce(token)).toBe(true)
    expect(await setting.queued(BILLING)).toEqual([])
    expect(await setting.context.database.query('select id from revocations')).toEqual([])
  })

  it('says when, by whom, in which task, and never the name of a person to an API without a token of theirs', async () => {
    const { record } = await setting.issue({ transaction: 'task-7', subject: 'user-7' })
    await setting.context.revocations.withdraw({ kind: 'subject', value: 'user-7', reason: 'left', by: 'user-7' })
    const [event, ...others] = await setting.queued(BILLING)
    expect(others).toEqual([])
    expect(event).toEqual({
      iss: ISSUER,
      aud: BILLING,
      iat: expect.any(Number),
      jti: expect.any(String),
      txn: 'task-7',
      sub_id: { format: 'iss_sub', iss: ISSUER, sub: 'user-7' },
      events: {
        'https://schemas.openid.net/secevent/risc/event-type/account-disabled': {
          event_timestamp: expect.any(Number),
          initiating_entity: 'user',
          reason_admin: { en: 'left' },
        },
      },
    })
    expect(JSON.stringify(event)).not.toContain(record.tokenId)
    expect(await setting.queued(ORDERS)).toEqual([])
  })
})
