import type { SigningAlgorithm } from './algorithm.js'

/** A public key as RFC 7517 writes it. Unknown members are kept and ignored. */
export interface JsonWebKey {
  readonly kty?: unknown
  readonly kid?: unknown
  readonly alg?: unknown
  readonly use?: unknown
  readonly key_ops?: unknown
  readonly crv?: unknown
  readonly n?: unknown
  readonly e?: unknown
  readonly x?: unknown
  readonly y?: unknown
  readonly [member: string]: unknown
}

/** Checks one signature with one key for one algorithm. A runtime with synchronous cryptography answers at once. */
export type SignatureCheck = (signingInput: string, signature: Uint8Array, token: string) => boolean | Promise<boolean>

/**
 * The few things that each JavaScript runtime does in its own way. `#runtime` resolves to `runtime.node.ts` on Node and
 * to `runtime.web.ts` everywhere else.
 */
export interface Runtime {
  /** Decodes base64url text, or answers undefined unless encoding the result gives the same text again (strict grammar). */
  decodeBase64url(text: string): Uint8Array | undefined
  /** Prepares a key once. Rejects or throws when the runtime does not take the key. */
  prepareKey(jwk: JsonWebKey, algorithm: SigningAlgorithm): SignatureCheck | Promise<SignatureCheck>
  encodeBase64url(bytes: Uint8Array): string
  /** SHA-256 of bytes, or of a text in UTF-8. */
  sha256(data: string | Uint8Array): Uint8Array | Promise<Uint8Array>
  /** Runs a task soon, after the code that asked for it. */
  defer(task: () => void): void
  /** Whether this process is one of several that share the load of one port, so that its memory is not all there is. */
  sharesLoad(): boolean
}
