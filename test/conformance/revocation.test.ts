import { createRevocationList, type Revocation, type RevocationCheck } from '@behalf/core'
import { expect } from 'vitest'
import { delegated, ISSUER, type Json, mint, NOW } from '../support/token.js'
import { expectAllowed, expectRefused } from './answer.js'
import { bound, present } from './proof.js'
import { createSuite, withApi } from './suite.js'

const { proves } = createSuite()
const listed = () => createRevocationList({ now: () => NOW })

/** What is withdrawn, a token of it, and one that is as like it as can be. */
const kinds: Readonly<Record<string, readonly [target: Json, token: Json, twin: Json]>> = {
  subject: [{ subject: 'user-1' }, {}, { sub: 'user-2' }],
  'subject of an agent': [{ subject: 'user-1' }, { act: { sub: 'agent:support' } }, { sub: 'agent:support' }],
  actor: [{ actor: 'agent:support' }, { act: { sub: 'agent:support' } }, { act: { sub: 'agent:other' } }],
  'prior actor': [
    { actor: 'agent:first' },
    { act: { sub: 'agent:support', act: { sub: 'agent:first' } } },
    { act: { sub: 'agent:support', act: { sub: 'agent:second' } } },
  ],
  client: [{ client: 'client-1' }, {}, { client_id: 'client-2' }],
  session: [{ session: 'session-1' }, { sid: 'session-1' }, { sid: 'session-2' }],
  transaction: [{ transaction: 'task-1' }, { txn: 'task-1' }, { txn: 'task-2' }],
  grant: [{ grant: 'grant-1' }, { grant_id: 'grant-1' }, { grant_id: 'grant-2' }],
  tokenId: [{ tokenId: 'token-x' }, { jti: 'token-x' }, { jti: 'token-y' }],
}

proves('BEHALF-revoked', async ({ target }) => {
  for (const [name, [what, concerned, twin]] of Object.entries(kinds)) {
    const list = listed()
    await withApi(target, { options: { revocation: list } }, async (api) => {
      const [token, other] = [mint(concerned), mint(twin)]
      expectAllowed(await api.call(token))
      list.revoke({ ...what, issuer: ISSUER } as Revocation)
      const refused = await api.call(token)
      expect([name, refused.response.status]).toEqual([name, 401])
      expectRefused(refused, 'token_revoked')
      expectRefused(await api.call(mint(concerned)), 'token_revoked')
      expectAllowed(await api.call(other))
    })
  }
})

proves('BEHALF-revoked-before', async ({ target }) => {
  const list = listed()
  list.revoke({ subject: 'user-1', issuer: ISSUER, issuedAt: NOW - 10 })
  await withApi(target, { options: { revocation: list } }, async (api) => {
    for (const iat of [NOW - 100, NOW - 11, NOW - 10]) expectRefused(await api.call(mint({ iat })), 'token_revoked')
    for (const iat of [NOW - 9, NOW]) expectAllowed(await api.call(mint({ iat })))
  })
})

proves('BEHALF-revoked-issuer', async ({ target }) => {
  const list = listed()
  await withApi(target, { options: { revocation: list } }, async (api) => {
    list.revoke({ subject: 'user-1', issuer: 'https://other.example.com' })
    expectAllowed(await api.call(mint()))
    list.revoke({ subject: 'user-1', issuer: ISSUER })
    expectRefused(await api.call(mint()), 'token_revoked')
  })
})

const failing: Readonly<Record<string, () => unknown>> = {
  throws() {
    throw new Error('connection to 10.0.0.7 lost')
  },
  rejects: () => Promise.reject(new Error('connection to 10.0.0.7 lost')),
  undefined: () => undefined,
  null: () => null,
  zero: () => 0,
  text: () => 'false',
  'nothing, later': async () => undefined,
  'never answers': () => new Promise(() => {}),
}
proves('BEHALF-revocation-fails', async ({ target }) => {
  for (const [name, isRevoked] of Object.entries(failing)) {
    await withApi(target, { options: { revocation: { isRevoked } as RevocationCheck } }, async (api) => {
      const refused = await api.call(mint())
      expect([name, refused.response.status]).toEqual([name, 503])
      expectRefused(refused, 'revocation_unavailable')
      expect(refused.response.raw.toString()).not.toMatch(/10\.0\.0\.7/)
    })
  }
  for (const isRevoked of [() => false, async () => false]) {
    await withApi(target, { options: { revocation: { isRevoked } } }, async (api) => {
      expectAllowed(await api.call(mint()))
    })
  }
})

proves('BEHALF-revocation-every-check', async ({ target }) => {
  const [one, two] = [listed(), listed()]
  const later: RevocationCheck = { isRevoked: async (token) => token.subject === 'user-3' }
  await withApi(target, { options: { revocation: [one, later, two] } }, async (api) => {
    expectAllowed(await api.call(mint()))
    one.revoke({ subject: 'user-1', issuer: ISSUER })
    two.revoke({ subject: 'user-2', issuer: ISSUER })
    for (const sub of ['user-1', 'user-2', 'user-3']) expectRefused(await api.call(mint({ sub })), 'token_revoked')
    expectAllowed(await api.call(mint(delegated({ sub: 'user-4' }))))
  })
})

proves('BEHALF-revocation-after-possession', async ({ target }) => {
  const list = listed()
  await withApi(target, { options: { revocation: list } }, async (api) => {
    const token = bound()
    expectAllowed(await api.call(await present({ token })))
    list.revoke({ subject: 'user-1', issuer: ISSUER })
    expectRefused(await api.call(token), 'binding_required')
    expectRefused(await api.call(await present({ token, method: 'POST' })), 'dpop_proof_invalid', { used: 'DPoP' })
    expectRefused(await api.call(await present({ token })), 'token_revoked', { used: 'DPoP' })
  })
})
