import { runtime } from '#runtime'
import { AccessError } from '../errors.js'
import type { SigningAlgorithm } from '../jws/algorithm.js'
import { isSame } from './constant-time.js'
import { createUrlMatch } from './htu.js'
import { createNonces } from './nonce.js'
import { type Proof, type ProofClaims, parseProof, proofInvalid, readProofClaims } from './proof.js'
import { createProofKeys, type ProofKey } from './proof-key.js'
import type { ReplayGuard, Use } from './replay.js'

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
export interface DpopSettings {
  /** URL of this API as clients see it: scheme, host and port of `htu`. */
  readonly resource: string
  readonly algorithms: readonly SigningAlgorithm[]
  readonly maxAge: number
  readonly futureTolerance: number
  readonly nonce: { readonly secret: string | Uint8Array; readonly lifetime: number } | undefined
  readonly replay: ReplayGuard
  readonly now: () => number
}

/** A request that presents a token bound to a key. */
export interface DpopRequest {
  /** The `DPoP` header, repeated ones joined with a comma; null when there is none. */
  readonly proof: string | null
  readonly method: string
  /** As the request has it: a path and query, or absolute. Of an absolute one the path alone counts. */
  readonly url: string
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

/** Keys of proofs that are kept prepared. */
const maxKeys = 10_000

/** Seconds by which the clock of the replay store may be ahead, at least. */
const minStoreTolerance = 5

/** @throws ConfigurationError when the secret of nonces is too short */
export function createDpopVerifier(settings: DpopSettings): DpopVerifier {
  const { algorithms, maxAge, futureTolerance, replay, now } = settings
  const isSameUrl = createUrlMatch(settings.resource)
  const nonces = settings.nonce && createNonces({ ...settings.nonce, now })
  const keys = createProofKeys(maxKeys)

  /** The checks of RFC 9449 section 4.3 in its order, but that a key is looked at (7) before it is used (6). */
  async function verify(request: DpopRequest): Promise<Exclude<Use, 'replayed'>> {
    const proof = parseProof(requireProof(request)) // 1, 2
    const claims = readProofClaims(proof.claims) // 3
    checkType(proof) // 4
    checkAlgorithm(proof) // 5
    const key = await keys.find(proof.jwk) // 7
    await checkSignature(proof, key) // 6
    checkMethod(claims, request) // 8
    checkUrl(claims, request) // 9
    await checkNonce(proof) // 10
    checkTime(claims) // 11
    await checkToken(claims, request) // 12 a
    checkKey(key, request) // 12 b
    keys.remember(key)
    return useUp(claims, key) // section 11.1
  }

  function checkAlgorithm({ header }: Proof): void {
    if (!algorithms.includes(header.alg)) throw proofInvalid('alg is not accepted')
  }

  function checkUrl({ htu }: ProofClaims, { url }: DpopRequest): void {
    if (!isSameUrl(htu, url)) throw proofInvalid('htu is another URL')
  }

  async function checkNonce({ claims: { nonce } }: Proof): Promise<void> {
    if (nonces === undefined) return
    const isGood = typeof nonce === 'string' && (await nonces.accepts(nonce))
    if (!isGood) throw new AccessError('dpop_nonce_required')
  }

  function checkTime({ iat }: ProofClaims): void {
    const age = now() - iat
    if (age > maxAge) throw proofInvalid('iat is too long ago')
    if (age < -futureTolerance) throw proofInvalid('iat is in the future')
  }

  /** Remembered a little longer than the proof is good for. */
  async function useUp({ jti, iat }: ProofClaims, { thumbprint }: ProofKey): Promise<Exclude<Use, 'replayed'>> {
    const expiresAt = iat + maxAge + Math.max(futureTolerance, minStoreTolerance)
    const use = await replay.claim(await nameUse(thumbprint, jti), expiresAt)
    if (use === 'replayed') throw new AccessError('dpop_proof_replayed')
    return use
  }

  return { algorithms, verify, nonce: () => nonces?.current() }
}

function requireProof({ proof }: DpopRequest): string {
  if (proof === null) throw proofInvalid('there is none')
  if (proof.includes(',')) throw proofInvalid('there is more than one')
  return proof
}

function checkType({ header }: Proof): void {
  if (header.typ !== 'dpop+jwt') throw proofInvalid('typ is not dpop+jwt')
}

async function checkSignature({ text, header, signingInput, signature }: Proof, { key }: ProofKey): Promise<void> {
  if (!key.fits(header.alg)) throw proofInvalid('jwk does not fit alg')
  let isProven: boolean
  try {
    const check = await key.check(header.alg)
    isProven = await check(signingInput, signature, text)
  } catch (cause) {
    throw proofInvalid('jwk is no usable key', cause) // a point off its curve, say
  }
  if (!isProven) throw proofInvalid('the signature is wrong')
}

function checkMethod({ htm }: ProofClaims, { method }: DpopRequest): void {
  if (htm !== method) throw proofInvalid('htm is another method')
}

async function checkToken({ ath }: ProofClaims, { token }: DpopRequest): Promise<void> {
  if (!isSame(ath, runtime.encodeBase64url(await runtime.sha256(token)))) throw proofInvalid('ath is of another token')
}

function checkKey({ thumbprint }: ProofKey, { jkt }: DpopRequest): void {
  if (!isSame(thumbprint, jkt)) throw new AccessError('binding_mismatch')
}

/** The jti of one client never meets that of another; 48 characters, however long it was. */
async function nameUse(thumbprint: string, jti: string): Promise<string> {
  return `dpop:${runtime.encodeBase64url(await runtime.sha256(`${thumbprint} ${jti}`))}`
}
