import type { AccessError, Warning } from '@behalf/core'
import { rfc9068, type VerifiedToken } from '@behalf/core'
import { readKeyRing } from '../../packages/core/dist/keys/key-ring.js'
import { createStaticKeySet } from '../../packages/core/dist/keys/static-key-set.js'
import type { IssuerTrust } from '../../packages/core/dist/token/verifier.js'
import { createKey, ISSUER, issuerKey, type Json, jwks, NOW, type SigningKey } from '../support/token.js'

export const OTHER_ISSUER = 'https://other.example.com'
export const otherKey = createKey('ES256', 'other')

/** An issuer whose keys are at hand: one more than its algorithms allow. */
export function trustIn(issuer: string, key: SigningKey, changes: Partial<IssuerTrust> = {}): IssuerTrust {
  return {
    issuer,
    algorithms: new Set(['ES256']),
    profile: rfc9068(),
    keys: createStaticKeySet(readKeyRing(jwks(key, issuerKey('ES384')), () => {})),
    actorIssuers: new Set(),
    ...changes,
  }
}

/** Two issuers, as a resource server would trust them. */
export function trustedIssuers(): ReadonlyMap<string, IssuerTrust> {
  return new Map([
    [ISSUER, trustIn(ISSUER, issuerKey())],
    [OTHER_ISSUER, trustIn(OTHER_ISSUER, otherKey)],
  ])
}

/** A token as a verifier hands it on, five minutes to live. */
export function token(changes: Partial<VerifiedToken> = {}): VerifiedToken {
  const { issuedAt = NOW } = changes
  return {
    header: { alg: 'ES256', typ: 'at+jwt', kid: 'es256' },
    claims: {},
    issuer: ISSUER,
    subject: 'user-1',
    audience: ['https://billing.example.com'],
    expiresAt: issuedAt + 300,
    issuedAt,
    notBefore: undefined,
    clientId: 'client-1',
    scopes: [],
    tokenId: 'token-1',
    confirmation: undefined,
    mode: 'direct',
    delegation: [],
    ...changes,
  }
}

export const withClaims = (claims: Json): VerifiedToken => token({ claims })

/** The code a call is refused with; undefined when it is not. */
export async function refusal(call: () => unknown): Promise<string | undefined> {
  try {
    await call()
    return undefined
  } catch (thrown) {
    return (thrown as AccessError).code
  }
}

/** A clock that stands until it is moved. */
export function createClock() {
  let time = NOW
  return {
    now: () => time,
    advance(seconds: number) {
      time += seconds
    },
  }
}

export function createWarnings() {
  const warnings: Warning[] = []
  return {
    onWarning: (warning: Warning) => void warnings.push(warning),
    codes: () => warnings.map(({ code }) => code),
    warnings,
  }
}
