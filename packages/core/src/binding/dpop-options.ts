import { type Check, check, checkMembers, checkNumber } from '../check.js'
import { ConfigurationError } from '../errors.js'
import { algorithmProfiles, isSigningAlgorithm } from '../jws/algorithm.js'
import type { DpopMode, DpopOptions, DpopSettings } from './dpop.js'

/** {@link DpopOptions} with every default in place. */
export interface ReadDpopOptions extends Omit<DpopSettings, 'resource' | 'replay' | 'now'> {
  readonly mode: DpopMode
}

export function isDpopMode(value: unknown): value is DpopMode {
  return value === 'disabled' || value === 'allowed' || value === 'required'
}

const checkMembersOfDpop = checkMembers({
  mode: check(isDpopMode, "must be 'disabled', 'allowed' or 'required'"),
  algorithms: check(
    (value) => Array.isArray(value) && value.length > 0 && value.every(isSigningAlgorithm),
    `must be a list of ${[...algorithmProfiles.keys()].join(', ')}`,
  ),
  maxAge: checkNumber(1, 3600, 'seconds'),
  futureTolerance: checkNumber(0, 300, 'seconds'),
  nonce: checkMembers({
    secret: check(
      (value) => typeof value === 'string' || value instanceof Uint8Array,
      'must be a string or bytes, at least 32',
    ),
    lifetime: checkNumber(10, 86_400, 'seconds'),
  }),
})

/** Looks {@link DpopOptions} over. */
export const checkDpop: Check = (value, path) => {
  checkMembersOfDpop(value, path)
  if (!Object.hasOwn(value as object, 'mode')) throw new ConfigurationError(`${path}.mode`, 'is required')
}

/**
 * Puts the defaults in place. A proof names the URL it is for, so an API without a URL cannot judge one.
 *
 * @throws ConfigurationError when DPoP is asked for and the API has no URL
 */
export function readDpop(given: DpopMode | DpopOptions | undefined, resource: string | undefined): ReadDpopOptions {
  const options: DpopOptions = typeof given === 'object' ? given : { mode: given ?? 'allowed' }
  if (resource === undefined && given !== undefined && options.mode !== 'disabled') {
    throw new ConfigurationError('resource', 'must be the URL of this API for DPoP proofs to be compared with')
  }
  const { nonce } = options
  return {
    mode: resource === undefined ? 'disabled' : options.mode,
    algorithms: options.algorithms ?? [...algorithmProfiles.keys()],
    maxAge: options.maxAge ?? 60,
    futureTolerance: options.futureTolerance ?? 15,
    nonce: nonce && { secret: nonce.secret, lifetime: nonce.lifetime ?? 300 },
  }
}
