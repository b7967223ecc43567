import { runtime } from '#runtime'
import { AccessError } from '../errors.js'
import type { SigningAlgorithm } from '../jws/algorithm.js'
import type { JsonObject } from '../jws/compact.js'
import { createUrlMatch } from './htu.js'
import { createNonces } from './nonce.js'
import { type Proof, type ProofClaims, parseProof, proofInvalid } from './proof.js'
import { createProofKeys, type ProofKey } from './proof-key.js'
import type { ReplayGuard, Use } from './replay.js'

/** How proofs are judged, with every default in place. */
export interface ProofSettings {
  /** URL of this server as clients see it: scheme, host and port of `htu`. */
  readonly resource: string
  readonly algorithms: readonly SigningAlgorithm[]
  readonly maxAge: number
  readonly futureTolerance: number
  readonly nonce: { readonly secret: string | Uint8Array; readonly lifetime: number } | undefined
  readonly replay: ReplayGuard
  readonly now: () => number
}

/** A request that comes with a proof. */
export interface ProofRequest {
  /** The `DPoP` header, repeated ones joined with a comma; null when there is none. */
  readonly proof: string | null
  readonly method: string
  /** As the request has it: a path and query, or absolute. Of an absolute one the path alone counts. */
  readonly url: string
}

/** A proof that holds, not used up yet. */
export interface HeldProof<C extends ProofClaims = ProofClaims> {
  readonly claims: C
  readonly key: ProofKey
}

/** What a proof is judged by, whether it comes with an access token or with a request for one. */
export interface ProofVerifier {
  /**
   * The checks of RFC 9449 section 4.3 in its order, up to the eleventh, but that a key is looked at (7) before it is
   * used (6). Nothing is used up.
   *
   * @param readClaims reads the claims that such a proof must have
   */
  verify<C extends ProofClaims>(request: ProofRequest, readClaims: (claims: JsonObject) => C): Promise<HeldProof<C>>
  /** Keeps the key prepared for next time. */
  remember(key: ProofKey): void
  /** Section 11.1. Remembered a little longer than the proof is good for. */
  useUp(proof: HeldProof): Promise<Exclude<Use, 'replayed'>>
  nonce(): string | undefined | Promise<string>
}

/** Keys of proofs that are kept prepared. */
const maxKeys = 10_000

/** Seconds by which the clock of the replay store may be ahead, at least. */
const minStoreTolerance = 5

/** @throws ConfigurationError when the secret of nonces is too short */
export function createProofVerifier(settings: ProofSettings): ProofVerifier {
  const { algorithms, maxAge, futureTolerance, replay, now } = settings
  const isSameUrl = createUrlMatch(settings.resource)
  const nonces = settings.nonce && createNonces({ ...settings.nonce, now })
  const keys = createProofKeys(maxKeys)

  async function verify<C extends ProofClaims>(
    request: ProofRequest,
    readClaims: (claims: JsonObject) => C,
  ): Promise<HeldProof<C>> {
    const proof = parseProof(requireProof(request)) // 1, 2
    const claims = readClaims(proof.claims) // 3
    checkType(proof) // 4
    checkAlgorithm(proof) // 5
    const key = await keys.find(proof.jwk) // 7
    await checkSignature(proof, key) // 6
    checkMethod(claims, request) // 8
    checkUrl(claims, request) // 9
    await checkNonce(proof) // 10
    checkTime(claims) // 11
    return { claims, key }
  }

  function checkAlgorithm({ header }: Proof): void {
    if (!algorithms.includes(header.alg)) throw proofInvalid('alg is not accepted')
  }

  function checkUrl({ htu }: ProofClaims, { url }: ProofRequest): void {
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

  async function useUp({ claims: { jti, iat }, key }: HeldProof): Promise<Exclude<Use, 'replayed'>> {
    const expiresAt = iat + maxAge + Math.max(futureTolerance, minStoreTolerance)
    const use = await replay.claim(await nameUse(key.thumbprint, jti), expiresAt)
    if (use === 'replayed') throw new AccessError('dpop_proof_replayed')
    return use
  }

  return { verify, useUp, remember: (key) => keys.remember(key), nonce: () => nonces?.current() }
}

function requireProof({ proof }: ProofRequest): string {
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

function checkMethod({ htm }: ProofClaims, { method }: ProofRequest): void {
  if (htm !== method) throw proofInvalid('htm is another method')
}

/** The jti of one client never meets that of another; 48 characters, however long it was. */
async function nameUse(thumbprint: string, jti: string): Promise<string> {
  return `dpop:${runtime.encodeBase64url(await runtime.sha256(`${thumbprint} ${jti}`))}`
}
