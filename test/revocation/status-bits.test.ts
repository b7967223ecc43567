import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inflate, isStatusSize, readStatus, type StatusSize } from '../../packages/core/dist/revocation/status-bits.js'
import { createBomb, pack } from './list-server.js'

const sizes: readonly StatusSize[] = [1, 2, 4, 8]
const copy = (bytes: Uint8Array) => new Uint8Array(bytes)
const followedBy = (...more: readonly Uint8Array[]) =>
  copy(Buffer.concat([deflateSync(Buffer.from('some statuses')), ...more]))
const withLastByte = (bytes: Uint8Array, byte: number) => copy(bytes).fill(byte, -1)

describe('reading a status', () => {
  // The two examples of draft-ietf-oauth-status-list-17 section 4.1.
  it('reads the published list of one bit', async () => {
    const bytes = await inflate(copy(Buffer.from('78dadbb918000217015d', 'hex')), 100)
    expect(Buffer.from(bytes).toString('hex')).toBe('b9a3')
    const statuses = Array.from({ length: 16 }, (_, index) => readStatus({ size: 1, bytes }, index))
    expect(statuses).toEqual([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])
    expect(readStatus({ size: 1, bytes }, 16)).toBe(undefined)
  })

  it('reads the published list of two bits', async () => {
    const bytes = await inflate(copy(Buffer.from('78da3be9f2130003df0207', 'hex')), 100)
    const statuses = Array.from({ length: 12 }, (_, index) => readStatus({ size: 2, bytes }, index))
    expect(statuses).toEqual([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3])
    expect(readStatus({ size: 2, bytes }, 12)).toBe(undefined)
  })

  it('reads back whatever was packed, in every size, and nothing past the end', () => {
    fc.assert(
      fc.property(fc.constantFrom(...sizes), fc.array(fc.nat({ max: 255 }), { maxLength: 200 }), (size, values) => {
        const statuses = values.map((value) => value % 2 ** size)
        const bytes = pack(size, statuses)
        for (const [index, status] of statuses.entries()) {
          if (readStatus({ size, bytes }, index) !== status) return false
        }
        return readStatus({ size, bytes }, (bytes.length * 8) / size) === undefined
      }),
    )
  })

  it('answers with a number of its size or nothing, for every index', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...sizes),
        fc.uint8Array({ maxLength: 64 }),
        fc.oneof(fc.nat({ max: 600 }), fc.maxSafeNat()),
        (size, bytes, index) => {
          const status = readStatus({ size, bytes }, index)
          const inside = index < (bytes.length * 8) / size
          return inside
            ? Number.isInteger(status) && Number(status) >= 0 && Number(status) < 2 ** size
            : status === undefined
        },
      ),
    )
  })

  it('knows four sizes', () => {
    expect(Array.from({ length: 17 }, (_, bits) => bits).filter(isStatusSize)).toEqual([1, 2, 4, 8])
    expect(['1', true, null, undefined, 1.5, [1]].filter(isStatusSize)).toEqual([])
  })
})

describe('inflating', () => {
  it('gives back what was deflated', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
        const inflated = await inflate(copy(deflateSync(bytes)), 5000)
        return Buffer.compare(inflated, bytes) === 0
      }),
      { numRuns: 50 },
    )
  })

  it('inflates large lists, to the last byte of the limit', async () => {
    const bytes = Buffer.alloc(1_000_000, 'statuses')
    expect(Buffer.compare(await inflate(copy(deflateSync(bytes)), 1_000_000), bytes)).toBe(0)
    await expect(inflate(copy(deflateSync(bytes)), 999_999)).rejects.toThrow('larger than 999999 bytes')
  })

  it.each([
    ['is empty', new Uint8Array()],
    ['is no ZLIB data', copy(Buffer.from('this is not compressed'))],
    ['is raw DEFLATE data', copy(deflateRawSync(Buffer.alloc(100)))],
    ['is GZIP data', copy(gzipSync(Buffer.alloc(100)))],
    ['is cut off', copy(deflateSync(Buffer.from('some statuses')).subarray(0, -5))],
    ['has another checksum', withLastByte(deflateSync(Buffer.from('some statuses')), 0)],
    ['has one byte more', followedBy(Buffer.alloc(1))],
    ['has a piece more', followedBy(Buffer.alloc(2000, 'x'))],
    ['has a second list behind it', followedBy(deflateSync(Buffer.from('other statuses')))],
    ['has its own checksum behind it', followedBy(deflateSync(Buffer.from('some statuses')).subarray(-4))],
  ])('throws where the data %s', async (_what, data) => {
    await expect(inflate(data, 1000)).rejects.toThrow()
    expect(Buffer.from(await inflate(followedBy(), 1000)).toString()).toBe('some statuses')
  })

  it('stops a bomb at the limit: little time, little memory', async () => {
    const bomb = copy(await createBomb(256))
    expect(bomb.length).toBeLessThan(1_048_576)
    const before = process.memoryUsage().rss
    let highest = before
    const watch = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage().rss)
    }, 1)
    const started = performance.now()
    await expect(inflate(bomb, 2_097_152)).rejects.toThrow('larger than 2097152 bytes')
    const took = performance.now() - started
    await new Promise((resolve) => setTimeout(resolve, 50))
    clearInterval(watch)
    expect(took).toBeLessThan(1000)
    expect(highest - before).toBeLessThan(64 * 1024 * 1024)
  })
})
