import { type AccessError, createResourceServer, type DelegationOptions } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { AUDIENCE, delegated, ISSUER, issuerKey, type Json, jwks, mint, NOW } from '../support/token.js'

/** What an issuer says of a chain that it does not show whole (OAuth Actor Profile draft). */
async function judge(claims: Json, delegation: DelegationOptions = {}): Promise<string> {
  const server = createResourceServer({
    issuer: { issuer: ISSUER, jwks: jwks(issuerKey()) },
    audience: AUDIENCE,
    delegation,
    now: () => NOW,
  })
  try {
    return (await server.verify(mint(claims))).delegation.map(({ subject }) => subject).join(' ')
  } catch (error) {
    return (error as AccessError).code
  }
}

const asking: Readonly<Record<string, DelegationOptions>> = {
  'denied actors': { deniedActors: ['agent:rogue'] },
  'no repeated actor': { noRepeatedActor: true },
  'a required origin': { requiredOrigin: ['agent:support'] },
}

describe.each(Object.entries(asking))('%s', (_name, options) => {
  test('refuses a chain of which actors were left out', async () => {
    expect(await judge(delegated({ chain_complete: false }), options)).toBe('actor_not_allowed')
    expect(await judge(delegated({ chain_complete: true }), options)).toBe('agent:support')
    expect(await judge(delegated(), options)).toBe('agent:support')
  })

  test.each([null, 0, 'true', {}])('takes chain_complete %j for incomplete', async (value) => {
    expect(await judge(delegated({ chain_complete: value }), options)).toBe('actor_not_allowed')
  })
})

test('who asks for nothing about prior actors decides on the current one, which is there', async () => {
  expect(await judge(delegated({ chain_complete: false }))).toBe('agent:support')
})

test('a chain without even its current actor is never a direct call', async () => {
  expect(await judge(mintable({ chain_complete: false }))).toBe('delegation_malformed')
  expect(await judge(mintable({ chain_complete: true }))).toBe('')
})

/** Claims without an actor. */
function mintable(changes: Json): Json {
  return { ...changes, act: undefined }
}
