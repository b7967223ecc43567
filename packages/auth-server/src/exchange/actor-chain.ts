import type { IssuedToken } from '../tokens/issued-token.js'
import { agentProfile } from './names.js'
import { Refusal } from './refusal.js'

/** One link of a delegation chain (RFC 8693 section 4.1, OAuth Actor Profile draft). */
export interface ActorClaim {
  readonly iss: string
  readonly sub: string
  readonly sub_profile?: string
  readonly act?: ActorClaim
}

/**
 * The `act` of the new token: the agent outermost, the chain of the subject token inside as it is (Extend); the chain as it is where the
 * agent is its outermost actor already (Preserve). No link is ever dropped or rewritten.
 *
 * @throws Refusal `invalid_request` when the chain gets longer than `maxDepth`, or the subject token's cannot be read
 */
export function extendChain(token: IssuedToken, agentId: string, issuer: string, maxDepth: number): ActorClaim {
  const { claims } = token
  const inner = Object.hasOwn(claims, 'act') ? readActor(claims.act) : undefined
  const isOutermost = inner?.sub === agentId && inner.iss === issuer
  const chain: ActorClaim =
    isOutermost && inner !== undefined
      ? inner
      : { iss: issuer, sub: agentId, sub_profile: agentProfile, ...(inner === undefined ? {} : { act: inner }) }
  if (linksOf(chain).length > maxDepth) {
    throw new Refusal('invalid_request', 'chain_too_deep', `the delegation chain has more than ${maxDepth} actors`)
  }
  return chain
}

/** The links of a chain, current actor first. */
export function linksOf(chain: ActorClaim): readonly ActorClaim[] {
  const links: ActorClaim[] = []
  for (let link: ActorClaim | undefined = chain; link !== undefined; link = link.act) links.push(link)
  return links
}

/** Links that are looked at in any chain: more is no chain of ours. */
const hardMaxDepth = 32

function readActor(value: unknown): ActorClaim {
  let link = value
  for (let depth = 0; link !== undefined; depth++) {
    if (depth === hardMaxDepth || !isLink(link)) {
      throw new Refusal('invalid_request', 'chain_malformed', 'the delegation chain of subject_token cannot be read')
    }
    link = link.act
  }
  // every link was looked at
  return value as ActorClaim
}

function isLink(value: unknown): value is { readonly act?: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return 'iss' in value && typeof value.iss === 'string' && 'sub' in value && typeof value.sub === 'string'
}
