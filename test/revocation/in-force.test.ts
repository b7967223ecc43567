import { runInNewContext } from 'node:vm'
import { AccessError } from '@behalf/core'
import { describe, expect, it } from 'vitest'
import { createInForceCheck } from '../../packages/core/dist/revocation/in-force.js'
import type { RevocationCheck } from '../../packages/core/dist/revocation/revocation.js'
import { refusal, token } from './setting.js'

const answering = (answer: unknown): RevocationCheck => ({ isRevoked: () => answer as boolean })
const passes = answering(false)

describe('a token in force', () => {
  it('passes at once when every check answers at once', () => {
    expect(createInForceCheck([], 100)(token())).toBe(undefined)
    expect(createInForceCheck([passes, passes], 100)(token())).toBe(undefined)
  })

  it('passes when every check says no sooner or later', async () => {
    const asked: string[] = []
    const slowly = (name: string): RevocationCheck => ({
      async isRevoked({ subject }) {
        asked.push(`${name}:${subject}`)
        return false
      },
    })
    const pending = createInForceCheck([passes, slowly('a'), passes, slowly('b'), passes], 100)(token())
    expect(pending).toBeInstanceOf(Promise)
    expect(await pending).toBe(undefined)
    expect(asked).toEqual(['a:user-1', 'b:user-1'])
  })

  it('passes for a promise of another realm', async () => {
    const foreign: unknown = runInNewContext('Promise.resolve(false)')
    expect(foreign).not.toBeInstanceOf(Promise)
    expect(await createInForceCheck([answering(foreign)], 100)(token())).toBe(undefined)
    const revoked: unknown = runInNewContext('Promise.resolve(true)')
    expect(await refusal(() => createInForceCheck([answering(revoked)], 100)(token()))).toBe('token_revoked')
  })
})

describe('a token that is not, or of which nobody can tell', () => {
  const cases: readonly (readonly [string, RevocationCheck, string])[] = [
    ['is revoked', answering(true), 'token_revoked'],
    ['is revoked, as it turns out', answering(Promise.resolve(true)), 'token_revoked'],
    ['nobody knows', answering(undefined), 'revocation_unavailable'],
    ['nobody knows for sure', answering(null), 'revocation_unavailable'],
    ['gets a number', answering(0), 'revocation_unavailable'],
    ['gets an empty text', answering(''), 'revocation_unavailable'],
    ['gets an object', answering({}), 'revocation_unavailable'],
    ['gets nothing, later', answering(Promise.resolve()), 'revocation_unavailable'],
    ['waits for ever', answering(new Promise(() => {})), 'revocation_unavailable'],
  ]

  it.each(cases)('%s', async (_what, check, code) => {
    expect(await refusal(() => createInForceCheck([passes, check, passes], 20)(token()))).toBe(code)
    expect(await refusal(() => createInForceCheck([answering(Promise.resolve(false)), check], 20)(token()))).toBe(code)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('down')
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
  ])('503 when a check %s', async (_what, isRevoked) => {
    const thrown = await Promise.resolve()
      .then(() => createInForceCheck([{ isRevoked }], 100)(token()))
      .catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'revocation_unavailable', status: 503, cause: { message: 'down' } })
  })

  it.each([
    [
      'throws',
      () => {
        throw new AccessError('claim_invalid')
      },
    ],
    ['rejects', () => Promise.reject(new AccessError('claim_invalid'))],
  ])('keeps the refusal a check %s', async (_what, isRevoked) => {
    expect(await refusal(() => createInForceCheck([{ isRevoked }], 100)(token()))).toBe('claim_invalid')
  })

  it('asks nobody further', async () => {
    let asked = 0
    const last: RevocationCheck = {
      isRevoked() {
        asked += 1
        return false
      },
    }
    for (const check of [answering(true), answering(Promise.resolve(true)), answering(undefined)]) {
      await refusal(() => createInForceCheck([check, last], 100)(token()))
    }
    expect(asked).toBe(0)
  })
})
