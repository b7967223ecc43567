import { ConfigurationError } from '@behalf/core'
import { createTestClock } from '@behalf/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createNonces } from '../../packages/core/dist/binding/nonce.js'

const secret = 'a secret of thirty-two bytes, or more'
const create = (settings: Partial<Parameters<typeof createNonces>[0]> = {}) => {
  const clock = createTestClock()
  clock.set(1_795_300_200)
  return { clock, nonces: createNonces({ secret, lifetime: 300, now: clock.now, ...settings }) }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('nonces', () => {
  test('are the same in every process with the same secret', async () => {
    const [one, two] = [create(), create({ secret: new TextEncoder().encode(secret) })]
    const nonce = await one.nonces.current()
    expect(nonce).toMatch(/^[\w-]{43}$/)
    expect(await two.nonces.current()).toBe(nonce)
    expect(await two.nonces.accepts(nonce)).toBe(true)
  })

  test('are others under another secret', async () => {
    const nonce = await create().nonces.current()
    const other = create({ secret: secret.toUpperCase() }).nonces
    expect(await other.current()).not.toBe(nonce)
    expect(await other.accepts(nonce)).toBe(false)
  })

  test('rotate, and the previous one is still good', async () => {
    const { clock, nonces } = create()
    const first = await nonces.current()
    clock.advance(299)
    expect(await nonces.current()).toBe(first)
    clock.advance(1)
    const second = await nonces.current()
    expect(second).not.toBe(first)
    expect(await nonces.accepts(first)).toBe(true)
    expect(await nonces.accepts(second)).toBe(true)
    clock.advance(299)
    expect(await nonces.accepts(first)).toBe(true)
    clock.advance(1)
    expect(await nonces.accepts(first)).toBe(false)
    expect(await nonces.accepts(second)).toBe(true)
  })

  test('of a process whose clock is a little ahead are good, of the far future not', async () => {
    const { clock, nonces } = create()
    const ahead = create()
    ahead.clock.advance(300)
    expect(await nonces.accepts(await ahead.nonces.current())).toBe(true)
    ahead.clock.advance(300)
    expect(await nonces.accepts(await ahead.nonces.current())).toBe(false)
    clock.advance(600)
    expect(await nonces.accepts(await ahead.nonces.current())).toBe(true)
  })

  test('follow a clock that is set back', async () => {
    const { clock, nonces } = create()
    const first = await nonces.current()
    clock.advance(3600)
    expect(await nonces.current()).not.toBe(first)
    clock.advance(-3600)
    expect(await nonces.current()).toBe(first)
  })

  test.each(['', 'x', 'A'.repeat(43), 'A'.repeat(8000)])('are not made by a client: %#', async (made) => {
    expect(await create().nonces.accepts(made)).toBe(false)
  })

  test('differ in no character', async () => {
    const { nonces } = create()
    const nonce = await nonces.current()
    for (let i = 0; i < nonce.length; i++) {
      const changed = `${nonce.slice(0, i)}${nonce[i] === 'A' ? 'B' : 'A'}${nonce.slice(i + 1)}`
      expect(await nonces.accepts(changed)).toBe(false)
    }
    expect(await nonces.accepts(nonce)).toBe(true)
  })

  test('come at once but for the first one in each lifetime', async () => {
    const sign = vi.spyOn(crypto.subtle, 'sign')
    const { clock, nonces } = create()
    const [one, two] = [nonces.current(), nonces.accepts('x')]
    expect(one).toBeInstanceOf(Promise)
    await Promise.all([one, two])
    const made = sign.mock.calls.length
    expect(made).toBe(3)
    for (let i = 0; i < 100; i++) {
      expect(nonces.current()).toBeTypeOf('string')
      expect(nonces.accepts('x')).toBe(false)
    }
    expect(sign.mock.calls).toHaveLength(made)
    clock.advance(300)
    expect(nonces.current()).toBeInstanceOf(Promise)
  })

  test('are asked for again after a failure', async () => {
    const { nonces } = create()
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValueOnce(new Error('no'))
    await expect(nonces.current()).rejects.toThrow('no')
    expect(await nonces.current()).toMatch(/^[\w-]{43}$/)
  })

  test('have a secret of 32 bytes', () => {
    for (const short of ['', 'x'.repeat(31), new Uint8Array(31)]) {
      expect(() => create({ secret: short })).toThrow(ConfigurationError)
      expect(() => create({ secret: short })).toThrow('dpop.nonce.secret must have at least 32 bytes')
    }
    create({ secret: 'x'.repeat(32) })
    create({ secret: '\u00e9'.repeat(16) })
    create({ secret: new Uint8Array(32) })
  })

  test('keep the secret they were given', async () => {
    const bytes = new Uint8Array(32).fill(1)
    const { nonces } = create({ secret: bytes })
    bytes.fill(2)
    expect(await nonces.current()).toBe(await create({ secret: new Uint8Array(32).fill(1) }).nonces.current())
  })
})
