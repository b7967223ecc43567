import { checkNumber } from '../check.js'
import { AccessError, ConfigurationError } from '../errors.js'
import { algorithmProfiles, type SigningAlgorithm } from '../jws/algorithm.js'
import { readProofClaims } from './proof.js'
import { createProofVerifier } from './proof-verifier.js'
import type { ReplayGuard, ReplayStore } from './replay.js'

/** How an authorization server judges proofs at its token endpoint. */
export interface TokenRequestProofOptions {
  /** URL of the token endpoint as clients see it: what `htu` must be. */
  readonly endpoint: string
  /** Where used proofs are remembered. Every process of the server must share it. */
  readonly replayStore: ReplayStore
  /** Algorithms a proof may be signed with. Default: every asymmetric one. */
  readonly algorithms?: readonly SigningAlgorithm[]
  /** Seconds since `iat` after which a proof is refused. Default 60. */
  readonly maxAge?: number
  /** Seconds by which `iat` may lie ahead. Default 15. */
  readonly futureTolerance?: number
  /** Demands a nonce of this server in every proof (RFC 9449 section 8). Default: none. */
  readonly nonce?: {
    /** At least 32 bytes, the same for every process that shares the load. */
    readonly secret: string | Uint8Array
    /** Seconds a nonce is handed out for; it is accepted for as long again. Default 300. */
    readonly lifetime?: number
  }
  /** Seconds since the epoch. Default: the system clock. */
  readonly now?: () => number
}

/** Tells which key a request for a token proves. */
export interface TokenRequestProofs {
  /**
   * Judges the proof of a POST to the token endpoint by RFC 9449 section 4.3, as far as it applies where there is no
   * access token yet (section 5). A proof that holds is used up.
   *
   * @param proof the `DPoP` header, repeated ones joined with a comma
   * @returns thumbprint of the key (RFC 7638), for `cnf.jkt` of the token
   * @throws AccessError `dpop_proof_invalid`, `dpop_nonce_required`, `dpop_proof_replayed`, `replay_unavailable`; its
   * `error` is what the endpoint answers, with status 400 in place of 401 (RFC 6749 section 5.2)
   */
  verify(proof: string): Promise<string>
  /** The value of the `DPoP-Nonce` header; undefined where no nonce is demanded. */
  nonce(): string | undefined | Promise<string>
}

/**
 * For authorization servers: judges DPoP proofs of requests for a token by the same rules as those of requests to an API.
 *
 * @throws ConfigurationError
 */
export function createTokenRequestProofs(options: TokenRequestProofOptions): TokenRequestProofs {
  const { endpoint, replayStore, maxAge = 60, futureTolerance = 15, nonce } = options
  if (!URL.canParse(endpoint)) throw new ConfigurationError('endpoint', 'must be the URL of the token endpoint')
  checkNumber(1, 3600, 'seconds')(maxAge, 'maxAge')
  checkNumber(0, 300, 'seconds')(futureTolerance, 'futureTolerance')
  const proofs = createProofVerifier({
    resource: endpoint,
    algorithms: options.algorithms ?? [...algorithmProfiles.keys()],
    maxAge,
    futureTolerance,
    nonce: nonce && { secret: nonce.secret, lifetime: nonce.lifetime ?? 300 },
    replay: guard(replayStore),
    now: options.now ?? (() => Date.now() / 1000),
  })
  return {
    async verify(proof) {
      const held = await proofs.verify({ proof, method: 'POST', url: endpoint }, readProofClaims)
      await proofs.useUp(held)
      return held.key.thumbprint
    },
    nonce: proofs.nonce,
  }
}

/** The store is the server's own database: it has limits of its own, and what it answers belongs to a transaction. */
function guard(store: ReplayStore): ReplayGuard {
  return {
    async claim(key, expiresAt) {
      let isFirst: boolean
      try {
        isFirst = await store.reserve(key, expiresAt)
      } catch (cause) {
        throw new AccessError('replay_unavailable', { cause })
      }
      return isFirst ? 'first' : 'replayed'
    },
  }
}
