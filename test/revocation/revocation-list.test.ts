import type { Actor, ConfigurationError, VerifiedToken } from '@behalf/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Revocation, revocationKinds } from '../../packages/core/dist/revocation/revocation.js'
import {
  createRevocationList,
  type RevocationListOptions,
} from '../../packages/core/dist/revocation/revocation-list.js'
import { ISSUER, NOW } from '../support/token.js'
import { createClock, OTHER_ISSUER, refusal, token } from './setting.js'

const agent: Actor = { subject: 'agent:support', issuer: ISSUER }
const prior: Actor = { subject: 'agent:planner', issuer: OTHER_ISSUER }
const full = token({
  claims: { sid: 'session-1', txn: 'task-1', grant_id: 'grant-1' },
  mode: 'delegated',
  delegation: [agent, prior],
})

const named: readonly (readonly [string, Revocation])[] = [
  ['subject', { subject: 'user-1', issuer: ISSUER }],
  ['client', { client: 'client-1', issuer: ISSUER }],
  ['session', { session: 'session-1', issuer: ISSUER }],
  ['transaction', { transaction: 'task-1', issuer: ISSUER }],
  ['grant', { grant: 'grant-1', issuer: ISSUER }],
  ['tokenId', { tokenId: 'token-1', issuer: ISSUER }],
  ['current actor', { actor: 'agent:support', issuer: ISSUER }],
  ['prior actor', { actor: 'agent:planner', issuer: OTHER_ISSUER }],
]

const createList = (options: RevocationListOptions = {}) => createRevocationList({ now: () => NOW + 10, ...options })

describe('what a revocation names', () => {
  it.each(named)('withdraws tokens by %s, and no others', (_what, revocation) => {
    const list = createList()
    expect(list.isRevoked(full)).toBe(false)
    list.revoke(revocation)
    expect(list.isRevoked(full)).toBe(true)
    expect(list.size).toBe(1)

    const other = createList()
    const [[kind, value] = ['', '']] = Object.entries(revocation)
    other.revoke({ ...revocation, [kind]: `${value}x` })
    other.revoke({ ...revocation, issuer: 'https://third.example.com' })
    for (const different of revocationKinds.filter((name) => name !== kind)) {
      other.revoke({ [different]: value, issuer: revocation.issuer } as unknown as Revocation)
    }
    expect(other.isRevoked(full)).toBe(false)
  })

  it.each(named)('leaves alone tokens without a %s', (_what, revocation) => {
    const list = createList()
    list.revoke(revocation)
    expect(list.isRevoked(token({ subject: 's', clientId: 'c', tokenId: undefined }))).toBe(false)
  })

  it('keeps issuers apart, for actors by the issuer of the actor', () => {
    const list = createList()
    list.revoke({ actor: agent.subject, issuer: OTHER_ISSUER })
    list.revoke({ subject: 'user-1', issuer: OTHER_ISSUER })
    expect(list.isRevoked(full)).toBe(false)
    expect(list.isRevoked(token({ issuer: OTHER_ISSUER }))).toBe(true)
    expect(list.isRevoked(token({ delegation: [{ ...agent, issuer: OTHER_ISSUER }] }))).toBe(true)
  })

  it('names with the words of objects are names', () => {
    const list = createList()
    const words = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    for (const word of words) expect(list.isRevoked(token({ subject: word }))).toBe(false)
    for (const word of words) list.revoke({ subject: word, issuer: ISSUER })
    for (const word of words) expect(list.isRevoked(token({ subject: word }))).toBe(true)
    expect(list.size).toBe(words.length)
  })

  it.each(['sid', 'txn', 'grant_id'])(
    'refuses a token whose %s is no text, once such names are withdrawn',
    async (name) => {
      const list = createList()
      const odd = token({ claims: { [name]: 7 } })
      expect(list.isRevoked(odd)).toBe(false)
      list.revoke({ subject: 'somebody', issuer: ISSUER })
      expect(list.isRevoked(odd)).toBe(false)
      list.revoke({ session: '7', issuer: ISSUER })
      list.revoke({ transaction: '7', issuer: ISSUER })
      list.revoke({ grant: '7', issuer: ISSUER })
      expect(await refusal(() => list.isRevoked(odd))).toBe('claim_invalid')
      expect(list.isRevoked(token({ claims: { [name]: '8' } }))).toBe(false)
      expect(list.isRevoked(token({ claims: { [name]: '7' } }))).toBe(true)
    },
  )

  it.each([
    ['nothing', { issuer: ISSUER }],
    ['two things', { subject: 'a', actor: 'b', issuer: ISSUER }],
    ['no issuer', { subject: 'a' }],
    ['an empty name', { subject: '', issuer: ISSUER }],
    ['an empty issuer', { subject: 'a', issuer: '' }],
    ['a number', { session: 7, issuer: ISSUER }],
    ['a very long name', { subject: 'a'.repeat(2049), issuer: ISSUER }],
    ['no time', { subject: 'a', issuer: ISSUER, issuedAt: Number.NaN }],
    ['a time before all time', { subject: 'a', issuer: ISSUER, issuedAt: -1 }],
    ['a time as text', { subject: 'a', issuer: ISSUER, expiresAt: '1' }],
    ['an endless time', { subject: 'a', issuer: ISSUER, expiresAt: Number.POSITIVE_INFINITY }],
  ])('throws for a revocation that names %s', (_what, revocation) => {
    const list = createList()
    expect(() => list.revoke(revocation as unknown as Revocation)).toThrow(TypeError)
    expect(list.size).toBe(0)
  })
})

describe('watermarks', () => {
  it('withdraws what was issued at or before the moment, and nothing after it', () => {
    const list = createList()
    list.revoke({ subject: 'user-1', issuer: ISSUER, issuedAt: NOW })
    expect(list.isRevoked(token({ issuedAt: NOW - 1 }))).toBe(true)
    expect(list.isRevoked(token({ issuedAt: NOW }))).toBe(true)
    expect(list.isRevoked(token({ issuedAt: NOW + 0.9 }))).toBe(true) // the same whole second
    expect(list.isRevoked(token({ issuedAt: NOW + 1 }))).toBe(false)
  })

  it('takes now where no moment is given', () => {
    const list = createRevocationList({ now: () => NOW + 0.5 })
    expect(list.revoke({ subject: 'user-1', issuer: ISSUER })).toEqual({
      subject: 'user-1',
      issuer: ISSUER,
      issuedAt: NOW,
      expiresAt: NOW + 86_400,
    })
    expect(list.isRevoked(token({ issuedAt: NOW }))).toBe(true)
    expect(list.isRevoked(token({ issuedAt: NOW + 1 }))).toBe(false)
  })

  it('takes the system clock where none is given', () => {
    const list = createRevocationList()
    list.revoke({ subject: 'user-1', issuer: ISSUER })
    expect(list.isRevoked(token({ issuedAt: Math.floor(Date.now() / 1000) }))).toBe(true)
    expect(list.isRevoked(token({ issuedAt: Date.now() / 1000 + 60 }))).toBe(false)
  })

  it('lets a later moment win and an earlier one change nothing', () => {
    const list = createList()
    const of = (issuedAt: number): Revocation => ({ subject: 'user-1', issuer: ISSUER, issuedAt })
    list.revoke(of(NOW))
    expect(list.revoke(of(NOW - 50))).toMatchObject({ issuedAt: NOW, expiresAt: NOW + 86_400 })
    expect(list.isRevoked(token({ issuedAt: NOW }))).toBe(true)
    expect(list.revoke(of(NOW + 50))).toMatchObject({ issuedAt: NOW + 50, expiresAt: NOW + 50 + 86_400 })
    expect(list.isRevoked(token({ issuedAt: NOW + 50 }))).toBe(true)
    expect(list.size).toBe(1)
  })

  it('never brings the end of a watermark forward', () => {
    const list = createList()
    list.revoke({ subject: 'user-1', issuer: ISSUER, expiresAt: NOW + 5000 })
    list.revoke({ subject: 'user-1', issuer: ISSUER, issuedAt: NOW + 20, expiresAt: NOW + 100 })
    expect([...list.entries()]).toEqual([
      { subject: 'user-1', issuer: ISSUER, issuedAt: NOW + 20, expiresAt: NOW + 5000 },
    ])
  })

  it('withdraws a single token whenever it was issued', () => {
    const list = createList()
    list.revoke({ tokenId: 'token-1', issuer: ISSUER, issuedAt: NOW - 100 })
    expect(list.isRevoked(token({ issuedAt: NOW + 50 }))).toBe(true)
    expect([...list.entries()]).toMatchObject([{ expiresAt: NOW + 10 + 86_400 }])
  })
})

describe('what is remembered, and for how long', () => {
  it('refuses a token that could outlive its revocation, however few there are', async () => {
    const list = createList({ maxTokenLifetime: 600 })
    expect(await refusal(() => list.isRevoked(token({ expiresAt: NOW + 601 })))).toBe('token_lifetime_too_long')
    expect(list.isRevoked(token({ expiresAt: NOW + 600 }))).toBe(false)
  })

  it('drops a watermark once no token it could concern is alive, tolerance included', () => {
    const clock = createClock()
    const list = createRevocationList({ now: clock.now, maxTokenLifetime: 600 })
    list.revoke({ subject: 'user-1', issuer: ISSUER })
    clock.advance(600 + 299)
    list.revoke({ subject: 'user-2', issuer: ISSUER })
    expect([...list.entries()]).toHaveLength(2)
    clock.advance(1)
    expect([...list.entries()]).toHaveLength(1)
    list.revoke({ subject: 'user-3', issuer: ISSUER })
    expect(list.size).toBe(2)
    expect(list.isRevoked(token({ subject: 'user-2' }))).toBe(true)
  })

  it('takes no note of a revocation that is over', () => {
    const list = createList()
    list.revoke({ subject: 'user-1', issuer: ISSUER, issuedAt: NOW - 86_400 - 291 })
    list.revoke({ subject: 'user-2', issuer: ISSUER, expiresAt: NOW - 290 })
    expect(list.size).toBe(0)
    list.revoke({ subject: 'user-2', issuer: ISSUER, expiresAt: NOW - 289 })
    expect(list.size).toBe(1)
  })

  it('stays small under a steady stream of revocations', () => {
    const clock = createClock()
    const list = createRevocationList({ now: clock.now, maxTokenLifetime: 100 })
    let largest = 0
    for (let n = 0; n < 50_000; n += 1) {
      clock.advance(1)
      list.revoke({
        [revocationKinds[n % revocationKinds.length] ?? 'subject']: `id-${n}`,
        issuer: `https://${n % 5}`,
      } as never)
      largest = Math.max(largest, list.size)
    }
    expect(largest).toBeGreaterThanOrEqual(400) // 100 seconds of life and 300 of tolerance, one each second
    expect(largest).toBeLessThan(800)
  })

  it('throws when it is full of what still matters, forgets nothing, and recovers', () => {
    const clock = createClock()
    const list = createRevocationList({ now: clock.now, maxTokenLifetime: 300, maxEntries: 1000 })
    const fill = (count: number, prefix: string) => {
      for (let n = 0; n < count; n += 1) list.revoke({ subject: `${prefix}-${n}`, issuer: ISSUER })
    }
    const oneMore = () => list.revoke({ subject: 'one-more', issuer: ISSUER })
    fill(1000, 'user')
    expect(oneMore).toThrow(/full.*1000.*maxEntries/)
    clock.advance(599)
    expect(oneMore).toThrow(/full/)
    list.revoke({ subject: 'user-7', issuer: ISSUER, issuedAt: NOW + 5 }) // what is there can still move
    for (let n = 0; n < 1000; n += 1) expect(list.isRevoked(token({ subject: `user-${n}` }))).toBe(true)
    expect(list.isRevoked(token({ subject: 'user-7', issuedAt: NOW + 5 }))).toBe(true)

    clock.advance(1)
    oneMore()
    expect(list.isRevoked(token({ subject: 'one-more', issuedAt: NOW + 600 }))).toBe(true)
    expect(list.size).toBe(2) // user-7 goes on for five seconds
    fill(998, 'later')
    expect(() => list.revoke({ subject: 'too-many', issuer: ISSUER })).toThrow(/full/)
    clock.advance(5)
    list.revoke({ subject: 'fits', issuer: ISSUER })
    expect(() => list.revoke({ subject: 'too-many', issuer: ISSUER })).toThrow(/full/)
    clock.advance(600)
    list.revoke({ subject: 'again', issuer: ISSUER })
    expect([...list.entries()]).toEqual([expect.objectContaining({ subject: 'again' })])
  })

  it('makes room for a new one whatever the order in which others came and end', () => {
    const clock = createClock()
    const list = createRevocationList({ now: clock.now, maxEntries: 20 })
    const add = (kind: 'subject' | 'session', count: number, end: number, prefix: string) => {
      for (let n = 0; n < count; n += 1) {
        const expiresAt = clock.now() + end
        list.revoke({ [kind]: `${prefix}-${n}`, issuer: ISSUER, expiresAt } as unknown as Revocation)
      }
    }
    add('session', 1, 10, 'short')
    add('session', 10, 80_000, 'long')
    clock.advance(310)
    add('subject', 2, 10, 'late') // while old ones are looked at: behind where that is
    add('session', 7, 80_000, 'next')
    expect(list.size).toBe(19)
    clock.advance(310)
    add('session', 3, 80_000, 'more')
    expect(list.size).toBe(20)
    expect(() => add('session', 1, 10, 'too-many')).toThrow(/full/)
    expect([...list.entries()].every((entry) => entry.session !== undefined)).toBe(true)
  })

  it('looks a full list over once, not at every attempt', () => {
    const clock = createClock()
    const list = createRevocationList({ now: clock.now, maxEntries: 100_000 })
    for (let n = 0; n < 100_000; n += 1) list.revoke({ subject: `user-${n}`, issuer: ISSUER })
    expect(() => list.revoke({ subject: 'x', issuer: ISSUER })).toThrow(/full/)
    const started = performance.now()
    for (let n = 0; n < 10_000; n += 1) {
      try {
        list.revoke({ subject: 'x', issuer: ISSUER })
      } catch {}
    }
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it.each([
    ['maxTokenLifetime', { maxTokenLifetime: 0 }],
    ['maxEntries', { maxEntries: 0.5 }],
    ['now', { now: 1 }],
    ['ttl', { ttl: 1 }],
  ])('says which option is wrong: %s', (option, options) => {
    expect(() => createRevocationList(options as RevocationListOptions)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }) as ConfigurationError,
    )
  })

  it('refuses to work by a clock that is none', () => {
    const list = createRevocationList({ now: () => Number.NaN })
    expect(() => list.revoke({ subject: 'a', issuer: ISSUER })).toThrow(TypeError)
  })
})

describe('sharing', () => {
  it('hands out what another list takes over, in any order and any number of times', () => {
    const list = createList()
    for (const [, revocation] of named) list.revoke(revocation)
    const entries = JSON.parse(JSON.stringify([...list.entries()])) as Revocation[]
    const other = createList()
    other.apply(entries.toReversed())
    other.apply(entries)
    other.apply(other.entries())
    expect([...other.entries()]).toEqual(expect.arrayContaining(entries))
    expect(other.size).toBe(list.size)
    expect(other.isRevoked(full)).toBe(true)
  })
})

/** The plainest list there is: remembers everything for ever. */
function isRevokedPlainly(revocations: readonly Revocation[], { claims, ...token }: VerifiedToken): boolean {
  return revocations.some((revocation) => {
    const { issuer, issuedAt = 0 } = revocation
    if (revocation.tokenId !== undefined) return revocation.tokenId === token.tokenId && issuer === token.issuer
    if (Math.floor(token.issuedAt) > Math.floor(issuedAt)) return false
    if (revocation.actor !== undefined) {
      return token.delegation.some((link) => link.subject === revocation.actor && link.issuer === issuer)
    }
    const [name] = [
      revocation.subject === token.subject,
      revocation.client === token.clientId,
      revocation.session !== undefined && revocation.session === claims.sid,
      revocation.transaction !== undefined && revocation.transaction === claims.txn,
      revocation.grant !== undefined && revocation.grant === claims.grant_id,
    ].filter(Boolean)
    return name === true && issuer === token.issuer
  })
}

describe('against a list that never forgets', () => {
  const name = fc.constantFrom('a', 'b')
  const issuer = fc.constantFrom(ISSUER, OTHER_ISSUER)
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 90 }),
    kind: fc.constantFrom(...revocationKinds),
    name,
    issuer,
    back: fc.integer({ min: -20, max: 120 }),
  })
  const bearer = fc.record({
    age: fc.double({ min: 0, max: 99, noNaN: true }),
    issuer,
    subject: name,
    clientId: fc.constantFrom('b', 'c', 'd'),
    tokenId: fc.option(fc.constantFrom('b', 'c', 'd'), { nil: undefined }),
    sid: fc.option(name, { nil: undefined }),
    txn: fc.option(name, { nil: undefined }),
    grant: fc.option(name, { nil: undefined }),
    delegation: fc.array(fc.record({ subject: name, issuer }), { maxLength: 2 }),
  })

  /** A token id names one token, which is dead by then; the plain list does not know that. */
  const isRecent = (revocation: Revocation, time: number) =>
    revocation.tokenId === undefined || (revocation.issuedAt ?? 0) > time - 100

  it('says the same of every token that is alive', () => {
    const said = { revoked: 0, alive: 0 }
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 60 }),
        fc.array(bearer, { minLength: 1, maxLength: 10 }),
        (steps, bearers) => {
          const clock = createClock()
          const list = createRevocationList({ now: clock.now, maxTokenLifetime: 100 })
          const all: Revocation[] = []
          for (const { wait, kind, name, issuer, back } of steps) {
            clock.advance(wait)
            const revocation = { [kind]: name, issuer, issuedAt: clock.now() - back } as unknown as Revocation
            all.push(revocation)
            list.revoke(revocation)
            const recent = all.filter((known) => isRecent(known, clock.now()))
            for (const { age, sid, txn, grant, ...rest } of bearers) {
              const issuedAt = clock.now() - age
              const claims = { ...(sid && { sid }), ...(txn && { txn }), ...(grant && { grant_id: grant }) }
              const alive = token({ ...rest, issuedAt, expiresAt: issuedAt + 100, claims })
              const revoked = list.isRevoked(alive)
              said[revoked ? 'revoked' : 'alive'] += 1
              if (!revoked && isRevokedPlainly(recent, alive)) return false // forgotten
              if (revoked && !isRevokedPlainly(all, alive)) return false // made up
            }
          }
          return list.size <= all.length
        },
      ),
      { numRuns: 150 },
    )
    expect(said.revoked).toBeGreaterThan(500)
    expect(said.alive).toBeGreaterThan(500)
  })
})
