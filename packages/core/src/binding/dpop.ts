import { runtime } from '#runtime'
import { AccessError } from '../errors.js'
import type { SigningAlgorithm } from '../jws/algorithm.js'
import { isSame } from './constant-time.js'
import { proofInvalid, readTokenProofClaims, type TokenProofClaims } from './proof.js'
import type { ProofKey } from './proof-key.js'
import { createProofVerifier, type ProofRequest, type ProofSettings } from './proof-verifier.js'
import type { Use } from './replay.js'

/** Whether tokens that are bound to a key are accepted (`allowed`), or no others (`required`). */
export type DpopMode = 'disabled' | 'allowed' | 'required'

/** How DPoP proofs (RFC 9449) are judged. */
export interface DpopOptions {
  readonly mode: DpopMode
  /** Algorithms a proof may be signed with. Default: every asymmetric one. */
  readonly algorithms?: readonly SigningAlgorithm[]
  /** Seconds since `iat` after which a proof is refused. Default 60. */
  readonly maxAge?: number
  /** Seconds by which `iat` may lie ahead. Default 15. */
  readonly futureTolerance?: number
  /** Demands a nonce of this server in every proof (section 9), so that none can be made in advance. Default: none. */
  readonly nonce?: {
    /** At least 32 bytes, the same for every process that shares the load. */
    readonly secret: string | Uint8Array
    /** Seconds a nonce is handed out for; it is accepted for as long again. Default 300. */
    readonly lifetime?: number
  }
}

/** Options looked over, with every default in place. */
export type DpopSettings = ProofSettings

/** A request that presents a token bound to a key. */
export interface DpopRequest extends ProofRequest {
  /** The access token. */
  readonly token: string
  /** The token's `cnf.jkt`. */
  readonly jkt: string
}

/** Proves that a request comes from the holder of the key its token is bound to. */
export interface DpopVerifier {
  readonly algorithms: readonly SigningAlgorithm[]
  /**
   * Judges the proof of a request by RFC 9449 section 4.3. A proof that holds is used up.
   *
   * @returns `first`, or `unchecked` where the replay store cannot tell and that is allowed
   * @throws AccessError `dpop_proof_invalid`, `dpop_nonce_required`, `binding_mismatch` (another key),
   * `dpop_proof_replayed`, `replay_unavailable`
   */
  verify(request: DpopRequest): Promise<Exclude<Use, 'replayed'>>
  /** The value of the `DPoP-Nonce` header; undefined where no nonce is demanded. */
  nonce(): string | undefined | Promise<string>
}

/** @throws ConfigurationError when the secret of nonces is too short */
export function createDpopVerifier(settings: DpopSettings): DpopVerifier {
  const proofs = createProofVerifier(settings)
  return {
    algorithms: settings.algorithms,
    async verify(request) {
      const held = await proofs.verify(request, readTokenProofClaims) // 1 to 11
      await checkToken(held.claims, request) // 12 a
      checkKey(held.key, request) // 12 b
      proofs.remember(held.key)
      return proofs.useUp(held)
    },
    nonce: proofs.nonce,
  }
}

async function checkToken({ ath }: TokenProofClaims, { token }: DpopRequest): Promise<void> {
  if (!isSame(ath, runtime.encodeBase64url(await runtime.sha256(token)))) throw proofInvalid('ath is of another token')
}

function checkKey({ thumbprint }: ProofKey, { jkt }: DpopRequest): void {
  if (!isSame(thumbprint, jkt)) throw new AccessError('binding_mismatch')
}
