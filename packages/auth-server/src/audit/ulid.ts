import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** 80 random bits, and one more than they can hold. */
const randomSize = 10
const limit = 1n << 80n

/**
 * Makes ULIDs: 48 bits of time, then 80 random ones, in 26 characters that sort by time. Those of one maker also sort by the
 * order they were made in, even when the clock stands still or goes back.
 *
 * @param milliseconds - since the epoch
 */
export function createUlids(): (milliseconds: number) => string {
  let time = -1
  let random = 0n
  return (milliseconds) => {
    const now = Math.max(0, Math.floor(milliseconds))
    if (now > time) {
      time = now
      random = BigInt(`0x${randomBytes(randomSize).toString('hex')}`)
    } else {
      random += 1n
    }
    if (random === limit) {
      time += 1
      random = 0n
    }
    return encode(BigInt(time), 10) + encode(random, 16)
  }
}

function encode(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest >>= 5n) text = alphabet.charAt(Number(rest & 31n)) + text
  return text
}
