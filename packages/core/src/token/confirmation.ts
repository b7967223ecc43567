import { AccessError } from '../errors.js'
import { isJsonObject, type JsonObject } from '../jws/compact.js'

/** The key a token is bound to (RFC 7800 `cnf`): its holder has to prove that it has it. */
export interface Confirmation {
  /** `'dpop'`: `cnf.jkt`, the JWK thumbprint of RFC 9449. `'mtls'`: `cnf["x5t#S256"]`, the certificate hash of RFC 8705. */
  readonly method: 'dpop' | 'mtls'
  /** SHA-256 as base64url. */
  readonly thumbprint: string
}

const sha256 = /^[\w-]{43}$/

/**
 * Parses the `cnf` claim. A token that has one is never a plain bearer token: a confirmation that is not understood to
 * the last member refuses it.
 *
 * @throws AccessError `binding_unsupported`
 */
export function parseConfirmation(claims: JsonObject): Confirmation | undefined {
  if (!Object.hasOwn(claims, 'cnf')) return undefined
  const members = isJsonObject(claims.cnf) ? membersOf(claims.cnf) : []
  const [name, thumbprint] = members[0] ?? []
  const method = name === 'jkt' ? 'dpop' : name === 'x5t#S256' ? 'mtls' : undefined
  if (members.length !== 1 || method === undefined || typeof thumbprint !== 'string' || !sha256.test(thumbprint)) {
    throw new AccessError('binding_unsupported')
  }
  return Object.freeze({ method, thumbprint })
}

/** Keycloak says beside `jkt`, in a member of its own, that it is one of DPoP: no other binding, and so understood. */
function membersOf(confirmation: JsonObject): readonly (readonly [name: string, value: unknown])[] {
  const members = Object.entries(confirmation)
  if (!Object.hasOwn(confirmation, 'jkt')) return members
  return members.filter(([name, value]) => !(name === 'kc-jkt-type' && value === 'DPoP'))
}
