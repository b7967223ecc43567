import { AccessError } from '../errors.js'
import { decodeBytes, decodeJson, type JsonObject, splitCompact } from '../jws/compact.js'
import { type JoseHeader, parseHeader } from '../jws/header.js'

/** A DPoP proof as it was sent: a well-formed JWT (RFC 9449 section 4.2), nothing more is known of it. */
export interface Proof {
  readonly text: string
  readonly header: JoseHeader
  /** The header's `jwk`: the key that the proof claims to be signed with. */
  readonly jwk: unknown
  readonly claims: JsonObject
  readonly signingInput: string
  readonly signature: Uint8Array
}

/** The claims of every proof. */
export interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
}

/** The claims of a proof that comes with an access token. */
export interface TokenProofClaims extends ProofClaims {
  readonly ath: string
}

const maxProofLength = 8192
const maxIdentifierLength = 256

/** @param why constant text for an operator's log: nothing of the proof, and never part of an answer */
export function proofInvalid(why: string, cause?: unknown): AccessError {
  return new AccessError('dpop_proof_invalid', { cause: new Error(`DPoP proof: ${why}`, { cause }) })
}

/** @throws AccessError `dpop_proof_invalid` */
export function parseProof(text: string): Proof {
  if (text.length > maxProofLength) throw proofInvalid(`longer than ${maxProofLength} characters`)
  try {
    const parts = splitCompact(text)
    const { signingInput } = parts
    const header = parseHeader(parts.header)
    const { jwk } = decodeJson(parts.header)
    return {
      text,
      header,
      jwk,
      claims: decodeJson(parts.claims),
      signingInput,
      signature: decodeBytes(parts.signature),
    }
  } catch (cause) {
    throw proofInvalid('not a JWT as it must be', cause)
  }
}

/** @throws AccessError `dpop_proof_invalid` unless every required claim is there, in its type */
export function readProofClaims({ jti, htm, htu, iat }: JsonObject): ProofClaims {
  if (typeof jti !== 'string' || jti === '' || jti.length > maxIdentifierLength) throw proofInvalid('jti')
  if (typeof htm !== 'string') throw proofInvalid('htm is no string')
  if (typeof htu !== 'string') throw proofInvalid('htu is no string')
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw proofInvalid('iat is no number')
  return { jti, htm, htu, iat }
}

/** @throws AccessError `dpop_proof_invalid` unless every required claim is there, in its type */
export function readTokenProofClaims(claims: JsonObject): TokenProofClaims {
  const { ath } = claims
  const common = readProofClaims(claims)
  if (typeof ath !== 'string') throw proofInvalid('ath is no string')
  return { ...common, ath }
}
