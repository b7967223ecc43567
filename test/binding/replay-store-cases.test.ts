import { createTestClock, type ReplayStoreLike, replayStoreCases } from '@behalf/testing'
import { describe, expect, test } from 'vitest'

const clock = createTestClock()
clock.set(1000)
const options = { now: clock.now, wait: clock.advance }

/** A right store over a map, with one thing changed. */
const storeOver = (
  known: Map<string, number>,
  change: Partial<Record<'early' | 'late' | 'extends' | 'short' | 'races' | 'past', true>> = {},
): ReplayStoreLike => ({
  async reserve(key, expiresAt) {
    if (!change.past && expiresAt <= clock.now()) throw new Error('expired already')
    const name = change.short ? key.slice(0, 41) : key
    const until = (known.get(name) ?? 0) + (change.late ? 3600 : 0)
    if (change.races) await Promise.resolve()
    const isFirst = change.early ? until <= clock.now() + 2 : known.get(name) === undefined || until <= clock.now()
    if (isFirst || change.extends) known.set(name, expiresAt)
    return isFirst
  },
})

const failuresOf = async (createStore: () => ReplayStoreLike, shared = false): Promise<string[]> => {
  const failed: string[] = []
  for (const { name, run } of replayStoreCases(createStore, { ...options, shared }))
    await run().catch(() => failed.push(name))
  return failed
}

describe('the cases for replay stores', () => {
  test('pass a right one, shared or not', async () => {
    const known = new Map<string, number>()
    expect(await failuresOf(() => storeOver(known))).toEqual([])
    expect(await failuresOf(() => storeOver(known), true)).toEqual([])
  })

  test.each([
    ['forgets too early', { early: true }, ['remembers a key', 'expires when']],
    ['forgets too late', { late: true }, ['remembers a key', 'expires when']],
    ['lets a refused use set the time', { extends: true }, ['remembers a key', 'expires when']],
    ['cuts keys', { short: true }, ['tells keys apart']],
    ['asks and then writes', { races: true }, ['admits one of 50']],
    ['takes what is past', { past: true }, ['never admits']],
  ] as const)('catch one that %s', async (_name, change, expected) => {
    const failed = await failuresOf(() => storeOver(new Map(), change))
    expect(failed.map((name) => expected.find((start) => name.startsWith(start)) ?? name)).toEqual(expected)
  })

  test.each<[string, unknown]>([
    ['always true', true],
    ['always false', false],
    ['OK', 'OK'],
    ['nothing', undefined],
  ])('catch one that answers %s', async (_name, answer) => {
    const failed = await failuresOf(() => ({ reserve: async () => answer as boolean }))
    expect(failed.length).toBeGreaterThan(4)
  })

  test('catch stores that do not share, and one that is no two', async () => {
    expect(await failuresOf(() => storeOver(new Map()), true)).toEqual([expect.stringContaining('across two stores')])
    const one = storeOver(new Map())
    expect(await failuresOf(() => one, true)).toEqual([expect.stringContaining('across two stores')])
  })

  test('have names of their own', () => {
    const names = replayStoreCases(() => storeOver(new Map()), { shared: true }).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
