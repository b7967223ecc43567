import { isIPv6 } from 'node:net'

/** Prefixes behind which the last 32 bits are an IPv4 address: mapped (RFC 4291 section 2.5.5.2), translated (RFC 6052 section 2.1). */
const prefixesOfIpv4: readonly string[] = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0']

/**
 * Whom an address stands for where requests are counted: an IPv4 address for itself, however it is written, and one of IPv6 for
 * the 2^64 of its network, of which one caller has them all.
 *
 * @param address - of a connection; what is none stands for itself
 */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%', 1) // without its zone (RFC 4007 section 11)
  if (!isIPv6(bare)) return address
  const groups = groupsOf(bare)
  const words = groups.map((group) => group.toString(16))
  const [high = 0, low = 0] = groups.slice(6)
  if (prefixesOfIpv4.includes(words.slice(0, 6).join(':'))) {
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
  }
  return `${words.slice(0, 4).join(':')}::/64`
}

/** The eight groups of an address that is one. */
function groupsOf(address: string): readonly number[] {
  const [head = [], tail] = address.split('::').map(read)
  if (tail === undefined) return head
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
}

function read(text: string): readonly number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}
