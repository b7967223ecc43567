import type { JWTPayload } from 'jose'
import type { IssuedToken } from '../tokens/issued-token.js'
import type { Findings } from './findings.js'

/** Claims about the person and their sign-in that pass from hop to hop. `may_act` and `cnf` never do. */
const inherited = ['auth_time', 'acr', 'amr', 'rctx'] as const

/** What a delegation token keeps of its subject token. */
export function inheritedFrom({ claims }: IssuedToken): JWTPayload {
  const kept: JWTPayload = { sub_profile: profileOf(claims) }
  for (const name of inherited) {
    if (claims[name] !== undefined) kept[name] = claims[name]
  }
  return kept
}

/** What the trail keeps of it. */
export function assuranceOf({ claims }: IssuedToken): Findings['assurance'] {
  const { acr, auth_time: authTime } = claims
  return {
    ...(typeof acr === 'string' ? { acr } : {}),
    ...(typeof authTime === 'number' ? { auth_time: authTime } : {}),
  }
}

/** Class of the subject: a person, where the token does not say. */
export function profileOf(claims: JWTPayload): string {
  return typeof claims.sub_profile === 'string' ? claims.sub_profile : 'user'
}
