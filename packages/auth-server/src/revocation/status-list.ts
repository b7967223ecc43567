import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type { JWTPayload } from 'jose'

const compress = promisify(deflate)

/**
 * Claims of a Status List Token (draft-ietf-oauth-status-list section 5.1): a bit a token, 1 for one that was revoked,
 * the first in the lowest bit of the first byte.
 *
 * @param size - tokens the list has room for, as many as it will ever have: its length tells nothing
 */
export async function writeStatusList(
  list: { readonly uri: string; readonly issuer: string; readonly size: number; readonly revoked: Iterable<number> },
  times: { readonly now: number; readonly lifetime: number; readonly ttl: number },
): Promise<JWTPayload> {
  const bytes = new Uint8Array(Math.ceil(list.size / 8))
  for (const index of list.revoked) {
    const at = index >> 3
    bytes[at] = (bytes[at] ?? 0) | (1 << (index & 7))
  }
  return {
    iss: list.issuer,
    sub: list.uri,
    iat: times.now,
    exp: times.now + times.lifetime,
    ttl: times.ttl,
    status_list: { bits: 1, lst: (await compress(bytes)).toString('base64url') },
  }
}
