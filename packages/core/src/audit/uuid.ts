const pool = new Uint8Array(1024)
let used = pool.length

const hex: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * A UUIDv7 (RFC 9562 section 5.7): 48 bits of time, then random bits.
 *
 * @param milliseconds since the epoch
 */
export function createUuid(milliseconds: number): string {
  if (used + 10 > pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  const time = Math.max(0, Math.floor(milliseconds)).toString(16).padStart(12, '0').slice(-12)
  const byte = () => pool[used++] ?? 0
  const h = (value: number) => hex[value] ?? ''
  const version = h((byte() & 0x0f) | 0x70) + h(byte())
  const variant = h((byte() & 0x3f) | 0x80) + h(byte())
  const rest = h(byte()) + h(byte()) + h(byte()) + h(byte()) + h(byte()) + h(byte())
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${rest}`
}
