import * as fc from 'fast-check'
import { SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { canonicalText } from '../../../packages/auth-server/dist/audit/canonical.js'
import { describeRecord } from '../../../packages/auth-server/dist/audit/event.js'
import type { AuditRecord } from '../../../packages/auth-server/dist/audit/record.js'
import { cleanText } from '../../../packages/auth-server/dist/audit/text.js'
import { createUlids } from '../../../packages/auth-server/dist/audit/ulid.js'

const observer = { service: 'auth-server', instance: 'one', policy_version: 7 } as const
const describeOf = (record: AuditRecord) => describeRecord(record, 'id', 1_800_000_000_123, observer)

describe('the text of an event', () => {
  it('is the one of RFC 8785: the example of its section 3.2', () => {
    const parsed = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    )
    expect(canonicalText(parsed)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    )
  })

  it('orders members by their UTF-16 names (RFC 8785 section 3.2.3)', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
    const sorted = Object.keys(JSON.parse(canonicalText(Object.fromEntries(names.map((name) => [`x${name}`, 1])))))
    expect(sorted).toEqual(
      ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'].map((name) => `x${name}`),
    )
  })

  it('leaves out what is undefined and writes -0 as 0', () => {
    expect(canonicalText({ b: undefined, a: [-0, { d: undefined }] })).toBe('{"a":[0,{}]}')
  })
})

describe('an event', () => {
  it('has the names of delegation-audit/1', () => {
    const record: AuditRecord = {
      type: 'delegation.issued',
      decision: 'allow',
      reason: { code: 'allowed', policy: 'billing@3' },
      subject: { id: 'user_1', iss: 'https://auth.example.com' },
      actor: { id: 'agent:support' },
      chain: [{ id: 'agent:support' }, { id: 'agent:front' }],
      token: { jti: 'j1', iat: 1, exp: 2 },
      requested: { scope: ['billing:read'] },
      txn: 'task_1',
    }
    expect(describeOf(record)).toEqual({
      ...record,
      schema: 'delegation-audit/1',
      id: 'id',
      time: '2027-01-15T08:00:00.123Z',
      observer,
      chain_depth: 2,
      chain_complete: true,
    })
  })

  it('holds no token, wherever it stands, and keeps what only looks like one', async () => {
    const key = new TextEncoder().encode('a secret that is long enough for it')
    const token = await new SignJWT({ sub: 'user_1' }).setProtectedHeader({ alg: 'HS256' }).sign(key)
    const unsigned = new UnsecuredJWT({ sub: 'user_1' }).encode()
    const encrypted = `${token.split('.')[0]}.${'a'.repeat(40)}.${'b'.repeat(16)}.${'c'.repeat(60)}.${'d'.repeat(22)}`
    const event = describeOf({
      type: 'delegation.denied',
      subject: { id: token },
      purpose: `Bearer ${token}, please`,
      detail: { nested: [{ [token]: unsigned }], encrypted, host: 'billing.example.com', version: '10.11.12' },
    })
    const text = canonicalText(event)
    for (const part of [token, unsigned, encrypted]
      .flatMap((each) => each.split('.'))
      .filter((each) => each.length > 15)) {
      expect(text).not.toContain(part)
    }
    expect(event).toMatchObject({
      subject: { id: '<token>' },
      purpose: 'Bearer <token>, please',
      detail: {
        nested: [{ '<token>': '<token>' }],
        encrypted: '<token>',
        host: 'billing.example.com',
        version: '10.11.12',
      },
    })
  })

  it('holds no secret: members of that name, private members of a key', () => {
    const event = describeOf({
      type: 'client.changed',
      change: {
        by: 'admin',
        after: {
          client_secret: 'hunter2',
          client_secret_expires_at: 0,
          old_passwords: ['hunter1'],
          secrets: [{ id: 's1' }],
          authorization_details: ['kept'],
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', d: 'private' }] },
        },
      },
    })
    expect(event.change).toEqual({
      by: 'admin',
      after: {
        client_secret: '<secret>',
        client_secret_expires_at: 0,
        old_passwords: '<secret>',
        secrets: [{ id: 's1' }],
        authorization_details: ['kept'],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', d: '<secret>' }] },
      },
    })
  })

  it('writes out what cannot be seen', () => {
    const event = describeOf({
      type: 'login.failed',
      subject: { id: 'ann\n{"decision":"allow"}\u0000\u202e\u{e0001}' },
    })
    expect(event.subject).toEqual({ id: 'ann<U+000A>{"decision":"allow"}<U+0000><U+202E><U+E0001>' })
  })

  it('takes any value there is', () => {
    const detail = {
      big: 1n,
      no: undefined,
      f: () => 1,
      nan: Number.NaN,
      date: new Date(0),
      none: null,
      list: [undefined],
    }
    expect(describeOf({ type: 'login.failed', detail }).detail).toEqual({
      big: '1',
      nan: null,
      date: '1970-01-01T00:00:00.000Z',
      none: null,
      list: [null],
    })
    const round: Record<string, unknown> = {}
    round.self = round
    expect(Buffer.byteLength(canonicalText(describeOf({ type: 'login.failed', detail: round })))).toBeLessThan(4096)
  })

  const long = '"\u4e2d'.repeat(3_000)
  const party = { id: long, iss: long, profile: long }
  const everything: AuditRecord = {
    type: 'delegation.issued',
    decision: 'allow',
    reason: { code: long, policy: long, oauth_error: long },
    subject: party,
    actor: party,
    chain: Array.from({ length: 40 }, () => party),
    client: { id: long },
    mode: 'delegated',
    token: { jti: long, grant_id: long, parent_jti: long },
    requested: { scope: Array.from({ length: 500 }, () => long) },
    granted: { scope: Array.from({ length: 500 }, () => long) },
    resource: { aud: long, id: long },
    txn: long,
    tool: { name: long, call_id: long },
    purpose: long,
    change: { by: long, before: { [long]: long }, after: Array.from({ length: 99 }, () => [long]) },
    detail: { [long]: long, more: everyLetter(long) },
  }

  it('is at most 4 kB, says that it was cut, and is still found by who, what and where', () => {
    const event = describeOf(everything)
    const place = {
      chain: `${'i'.repeat(100)}/${'0'.repeat(26)}`,
      seq: 9_007_199_254_740_991,
      prev: `sha256:${'h'.repeat(43)}`,
    }
    expect(Buffer.byteLength(canonicalText({ ...event, integrity: place }))).toBeLessThanOrEqual(4096)
    expect(event).toMatchObject({ cut: true, chain_depth: 40, chain_complete: false, txn: cleanText(long, 128) })
  })

  it('is small, canonical and without control characters, whatever it tells of', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 600 }), fc.string({ unit: 'grapheme' }))
    const value = fc.object({
      key: text,
      values: [text, fc.double(), fc.boolean(), fc.constant(undefined)],
      maxDepth: 6,
    })
    const party = fc.record({ id: text, iss: text })
    fc.assert(
      fc.property(party, text, value, fc.array(party), (subject, txn, detail, chain) => {
        const event = describeOf({ type: 'delegation.denied', subject, actor: subject, txn, detail, chain })
        const written = canonicalText(event)
        expect(Buffer.byteLength(written)).toBeLessThanOrEqual(4096 - 320)
        expect(canonicalText(JSON.parse(written))).toBe(written)
        expect(written).not.toMatch(/\p{Cc}|\p{Cf}|\p{Cs}|\\u/u)
        expect(event).toMatchObject({ txn: cleanText(txn, 128), chain_depth: chain.length })
      }),
    )
  })

  it('tells long texts apart that begin alike', () => {
    const [one, other] = [`${'a'.repeat(500)}1`, `${'a'.repeat(500)}2`].map((text) => cleanText(text, 128))
    expect(one).toMatch(/^a{128}…sha256:[\w-]{16}$/)
    expect(other).not.toBe(one)
    expect(cleanText('a'.repeat(128), 128)).toBe('a'.repeat(128))
  })
})

describe('a ULID', () => {
  it('sorts by time, and by order when the clock stands or goes back', () => {
    const createUlid = createUlids()
    const made = [1, 1, 1, 2, 1, 1_800_000_000_000].map(createUlid)
    expect(made.toSorted()).toEqual(made)
    expect(new Set(made).size).toBe(made.length)
    expect(made[0]).toMatch(/^0000000001[0-9A-HJKMNP-TV-Z]{16}$/)
  })

  it('begins with the time as its specification writes it', () => {
    expect(createUlids()(1_469_918_176_385).slice(0, 10)).toBe('01ARYZ6S41')
  })
})

function everyLetter(text: string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`m${index}`, text]))
}
