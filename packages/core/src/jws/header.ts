import { AccessError } from '../errors.js'
import { isSigningAlgorithm, type SigningAlgorithm } from './algorithm.js'
import { decodeJson, type JsonObject } from './compact.js'

/** The members of a JOSE header that are acted on. `jku`, `x5u`, `jwk` and `x5c` are never read. */
export interface JoseHeader {
  readonly alg: SigningAlgorithm
  /** Lower case, without `application/`; undefined when the header has none. */
  readonly typ: string | undefined
  readonly kid: string | undefined
}

const maxHeaderLength = 4096
const maxKidLength = 256

/**
 * Parses a JOSE header (RFC 7515 section 4). `crit` is refused because no extension is understood; `b64` and `zip`
 * change what the bytes mean and are refused with it; `cty` announces a nested token.
 *
 * @throws AccessError `token_malformed`, `token_type_rejected`, `algorithm_rejected`
 */
export function parseHeader(part: string): JoseHeader {
  if (part.length > maxHeaderLength) throw new AccessError('token_malformed')
  const header = decodeJson(part)
  for (const name of ['crit', 'b64', 'zip']) {
    if (Object.hasOwn(header, name)) throw new AccessError('token_malformed')
  }
  if (Object.hasOwn(header, 'cty')) throw new AccessError('token_type_rejected')

  const alg = own(header, 'alg')
  if (!isSigningAlgorithm(alg)) throw new AccessError('algorithm_rejected')
  const typ = own(header, 'typ')
  if (typ !== undefined && typeof typ !== 'string') throw new AccessError('token_type_rejected')
  const kid = own(header, 'kid')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKidLength)) {
    throw new AccessError('token_malformed')
  }
  return Object.freeze({ alg, typ: typ?.toLowerCase().replace(/^application\//, ''), kid })
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}
