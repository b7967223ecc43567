import { createRevocationList, maxSecurityEventSize, type SecurityEvent } from '@behalf/core'
import { expect } from 'vitest'
import type { Api, Call, Outcome } from '../support/api.js'
import type { TargetName } from '../support/targets.js'
import { AUDIENCE, createKey, forge, ISSUER, issuerKey, type Json, mint, NOW } from '../support/token.js'
import { headerValue, headerValues } from '../support/wire.js'
import { expectAllowed, expectRefused } from './answer.js'
import { createSuite, withApi } from './suite.js'

const { proves } = createSuite()
const key = issuerKey()
const sessionRevoked = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
const accountDisabled = 'https://schemas.openid.net/secevent/risc/event-type/account-disabled'

let made = 0
/** A security event token: alice's sessions are revoked. */
function event(changes: Json = {}, header: Json = {}, signer = key): string {
  made += 1
  return forge({
    header: { alg: signer.algorithm, typ: 'secevent+jwt', kid: signer.kid, ...header },
    claims: {
      iss: ISSUER,
      aud: AUDIENCE,
      iat: NOW,
      jti: `event-${made}`,
      sub_id: { format: 'iss_sub', iss: ISSUER, sub: 'user-1' },
      events: { [sessionRevoked]: { event_timestamp: NOW } },
      ...changes,
    },
    key: signer,
  })
}

const push = (body: string, type = 'application/secevent+jwt'): Call => ({
  method: 'POST',
  path: '/events',
  headers: [['Content-Type', type]],
  body,
  events: 0,
})

/** An API that receives events, and what it reports of them. */
async function receiving(target: TargetName, body: (api: Api, reported: SecurityEvent[]) => Promise<void>) {
  const revocations = createRevocationList({ now: () => NOW })
  const reported: SecurityEvent[] = []
  const securityEvents = { revocations, onEvent: (each: SecurityEvent) => void reported.push(each) }
  await withApi(target, { receive: true, options: { revocation: revocations, securityEvents } }, (api) =>
    body(api, reported),
  )
}

function expectAccepted({ response, events }: Outcome): void {
  expect([response.status, response.body.toString()]).toEqual([202, ''])
  expect(headerValues(response, 'Content-Type')).toEqual([])
  expect(headerValues(response, 'Cache-Control')).toEqual(['no-store'])
  expect(events).toEqual([])
}

function expectRejected({ response, events }: Outcome, err: string): void {
  expect([response.status, response.body.toString()]).toEqual([400, expect.stringContaining(err)])
  expect(JSON.parse(response.body.toString())).toEqual({ err, description: expect.stringMatching(/^[A-Z].+\.$/) })
  expect(headerValue(response, 'Content-Type')).toBe('application/json')
  expect(headerValue(response, 'Content-Language')).toBe('en')
  expect(headerValue(response, 'Cache-Control')).toBe('no-store')
  expect(headerValue(response, 'WWW-Authenticate')).toBeUndefined()
  expect(events).toEqual([])
}

proves('RFC8935-2.2-accepted', async ({ target }) => {
  const bodies = {
    'a session': event(),
    'an account': event({ events: { [accountDisabled]: {} } }),
    'a list of audiences': event({ aud: ['https://other.example.com', AUDIENCE] }),
  }
  for (const text of Object.values(bodies)) {
    await receiving(target, async (api, reported) => {
      const token = mint()
      expectAllowed(await api.call(token))
      expectAccepted(await api.call(push(text)))
      expectRefused(await api.call(token), 'token_revoked')
      expectAllowed(await api.call(mint({ sub: 'user-2' })))
      expect(reported).toHaveLength(1)
    })
  }
  await receiving(target, async (api) => {
    expectAccepted(await api.call(push(event(), 'Application/SecEvent+JWT; charset=utf-8')))
    expectRefused(await api.call(mint()), 'token_revoked')
  })
})

proves('RFC8935-2.3-error', async ({ target }) => {
  await receiving(target, async (api, reported) => {
    const token = mint()
    const bodies = ['', 'x', 'a.b.c', event().slice(0, -3), ` ${event()}`, event({ events: {} }), JSON.stringify({})]
    for (const text of bodies) {
      const { response } = await api.call(push(text))
      expect([text.slice(0, 20), response.status]).toEqual([text.slice(0, 20), 400])
    }
    for (const type of otherTypes) expectRejected(await api.call(push(event(), type)), 'invalid_request')
    expectRejected(await api.call(push('{', 'application/json')), 'invalid_request')
    expectRejected(await api.call({ method: 'POST', path: '/events', body: event(), events: 0 }), 'invalid_request')
    expectRejected(await api.call({ method: 'POST', path: '/events', body: '', events: 0 }), 'invalid_request')
    expectAllowed(await api.call(token))
    expect(reported).toEqual([])
    expectAccepted(await api.call(push(event())))
    expectRefused(await api.call(token), 'token_revoked')
  })
})

const otherTypes = ['text/plain', 'application/json', 'application/jwt', 'multipart/form-data', 'unheard-of', ';']

const other = { format: 'iss_sub', iss: 'https://other.example.com', sub: 'user-1' }
const faults: readonly (readonly [err: string, name: string, text: string])[] = [
  ['invalid_request', 'no token', 'event'],
  ['invalid_request', 'no jti', event({ jti: undefined })],
  ['invalid_request', 'no iat', event({ iat: undefined })],
  ['invalid_request', 'no events', event({ events: undefined })],
  ['invalid_request', 'a list of events', event({ events: [sessionRevoked] })],
  ['invalid_request', 'sub', event({ sub: 'user-1' })],
  ['invalid_request', 'exp', event({ exp: NOW + 60 })],
  ['invalid_request', 'no subject', event({ sub_id: undefined })],
  ['invalid_key', 'no algorithm', event({}, { alg: 'none' })],
  ['invalid_key', 'a symmetric one', event({}, { alg: 'HS256' })],
  ['invalid_key', 'an unknown key', event({}, { kid: 'other' })],
  ['invalid_issuer', 'an unknown issuer', event({ iss: 'https://other.example.com' })],
  ['invalid_audience', 'another audience', event({ aud: 'https://other.example.com' })],
  ['invalid_audience', 'no audience', event({ aud: undefined })],
  ['authentication_failed', 'a forged one', event({}, {}, createKey('ES256', key.kid))],
  ['access_denied', "another issuer's subject", event({ sub_id: other })],
]
proves('RFC8935-2.4-codes', async ({ target }) => {
  await receiving(target, async (api) => {
    for (const [err, name, text] of faults) {
      const outcome = await api.call(push(text))
      expect([name, outcome.response.status]).toEqual([name, 400])
      expectRejected(outcome, err)
    }
    expectAllowed(await api.call(mint()))
    expectAccepted(await api.call(push(event())))
  })
})

proves('RFC8417-2.3-type', async ({ target }) => {
  await receiving(target, async (api) => {
    for (const typ of ['at+jwt', 'JWT', 'dpop+jwt', undefined]) {
      expectRejected(await api.call(push(event({}, { typ }))), 'invalid_request')
    }
    expectRejected(await api.call(push(mint())), 'invalid_request')
    expectRefused(await api.call(event({ sub: 'user-1', exp: NOW + 60, client_id: 'client-1' })), 'token_type_rejected')
    expectAllowed(await api.call(mint()))
    expectAccepted(await api.call(push(event({}, { typ: 'application/secevent+jwt' }))))
  })
})

proves('RFC8935-2-again', async ({ target }) => {
  await receiving(target, async (api, reported) => {
    const text = event()
    for (let i = 0; i < 3; i++) expectAccepted(await api.call(push(text)))
    expect(reported).toHaveLength(1)
    expectAccepted(await api.call(push(event())))
    expect(reported).toHaveLength(2)
    expectRefused(await api.call(mint()), 'token_revoked')
  })
})

/** One of exactly this size. */
function sized(size: number): string {
  const fill = (count: number) => event({ jti: 'large', pad: 'x'.repeat(count) })
  let count = Math.floor(((size - fill(0).length) * 3) / 4)
  while (fill(count).length < size) count += 1
  return fill(count)
}
proves('BEHALF-event-size', async ({ target }) => {
  await receiving(target, async (api) => {
    for (const size of [maxSecurityEventSize + 4, maxSecurityEventSize * 3, maxSecurityEventSize * 20]) {
      expectRejected(await api.call(push('x'.repeat(size))), 'invalid_request')
    }
    const large = sized(maxSecurityEventSize - 3)
    expectRejected(await api.call(push(`${large}${'x'.repeat(100)}`)), 'invalid_request')
    expectAllowed(await api.call(mint()))
    expectAccepted(await api.call(push(large)))
    expectRefused(await api.call(mint()), 'token_revoked')
  })
})

proves('BEHALF-events-fail', async ({ target }) => {
  let works = false
  const list = createRevocationList({ now: () => NOW })
  const revocations = {
    revoke: (revocation: Parameters<typeof list.revoke>[0]) =>
      works ? list.revoke(revocation) : Promise.reject(new Error('connection to 10.0.0.7 lost')),
  }
  const options = { revocation: list, securityEvents: { revocations } }
  await withApi(target, { receive: true, options }, async (api) => {
    const text = event()
    const { response } = await api.call(push(text))
    expect([response.status, response.body.toString()]).toEqual([503, ''])
    expect(headerValue(response, 'Retry-After')).toMatch(/^[1-9]\d*$/)
    works = true
    expectAccepted(await api.call(push(text)))
    expectRefused(await api.call(mint()), 'token_revoked')
  })
})

/** What an event means for a token that was served before, and for one that was issued later. */
async function meaningOf(target: TargetName, type: string, said: Json): Promise<void> {
  await receiving(target, async (api) => {
    const [token, other] = [mint({ iat: NOW - 10 }), mint({ iat: NOW - 10, sub: 'user-2' })]
    expectAllowed(await api.call(token))
    expectAccepted(await api.call(push(event({ events: { [type]: { event_timestamp: NOW - 5, ...said } } }))))
    expectRefused(await api.call(token), 'token_revoked')
    for (const good of [other, mint({ iat: NOW - 4 })]) expectAllowed(await api.call(good))
  })
}

/** An event that is acknowledged, and after which every token is as good as before. */
async function withdrawsNothing(target: TargetName, events: Json): Promise<void> {
  await receiving(target, async (api) => {
    const token = mint({ iat: NOW - 10 })
    expectAccepted(await api.call(push(event({ events }))))
    expectAllowed(await api.call(token))
    expectAccepted(await api.call(push(event())))
    expectRefused(await api.call(token), 'token_revoked')
  })
}

const caep = 'https://schemas.openid.net/secevent/caep/event-type/'
proves('CAEP-3-withdraws', async ({ target }) => {
  await meaningOf(target, sessionRevoked, {})
  await meaningOf(target, `${caep}token-claims-change`, { claims: { role: 'reader' } })
  for (const change of ['revoke', 'update', 'delete']) {
    await meaningOf(target, `${caep}credential-change`, { credential_type: 'password', change_type: change })
  }
  const added = { credential_type: 'fido2-roaming', change_type: 'create' }
  await withdrawsNothing(target, { [`${caep}credential-change`]: added })
})

proves('RISC-2.2-disabled', ({ target }) => meaningOf(target, accountDisabled, { reason: 'hijacking' }))

proves('SSF-8.1.4-verification', ({ target }) =>
  withdrawsNothing(target, { 'https://schemas.openid.net/secevent/ssf/event-type/verification': { state: 'x' } }),
)
