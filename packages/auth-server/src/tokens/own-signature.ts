import { createLocalJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Context } from '../context.js'

/** Characters of the longest token that is looked at. */
const maxLength = 16_384

/** Three parts of base64url: jose itself bears white space and padding. */
const grammar = /^[\w-]+\.[\w-]+\.[\w-]+$/u

/** What an access token of this server always has (RFC 9068 section 2.2). */
const required = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti']

/** Tells the claims of an access token that this server signed and that has not expired; undefined for anything else. */
export type ClaimsReader = (token: string) => Promise<(JWTPayload & { readonly jti: string }) | undefined>

/** @returns a reader that rejects only when the keys cannot be had */
export function createClaimsReader({ settings, keys, now }: Pick<Context, 'settings' | 'keys' | 'now'>): ClaimsReader {
  let known: { readonly ids: string; readonly find: JWTVerifyGetKey } | undefined

  /** Keys stay imported until there are others. */
  async function keySet(): Promise<JWTVerifyGetKey> {
    const published = await keys.published('token')
    const ids = published.map(({ kid }) => kid).join(' ')
    if (known?.ids !== ids) known = { ids, find: createLocalJWKSet({ keys: [...published] }) }
    return known.find
  }

  return async (token) => {
    if (token.length > maxLength || !grammar.test(token)) return undefined
    const find = await keySet()
    try {
      const { payload } = await jwtVerify(token, find, {
        issuer: settings.issuer,
        typ: 'at+jwt',
        algorithms: ['ES256', 'EdDSA'],
        requiredClaims: required,
        currentDate: new Date(now() * 1000),
      })
      return typeof payload.jti === 'string' ? { ...payload, jti: payload.jti } : undefined
    } catch {
      return undefined // whatever is wrong, it is wrong with the token: the keys are there
    }
  }
}
