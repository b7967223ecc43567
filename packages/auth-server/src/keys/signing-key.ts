import type { JWK, JWTPayload } from 'jose'

/** `token` keys sign tokens, metadata answers and security events; `checkpoint` keys sign the trail. */
export type KeyPurpose = 'token' | 'checkpoint'

/** The keys of the server. Every process on one database uses the same ones at the same time. */
export interface SigningKeys {
  /** Signs `claims` with the key in use now. `header` adds members such as `typ`. */
  sign(purpose: KeyPurpose, header: { readonly typ: string }, claims: JWTPayload): Promise<string>
  /** Public keys to publish: those in use, the next one, and earlier ones until every token of theirs is gone. */
  published(purpose: KeyPurpose): Promise<readonly JWK[]>
  /** Private keys for the protocol engine, the one in use first. */
  privateKeys(): Promise<readonly JWK[]>
  /**
   * Creates the next key, published at once and in use after the lead time.
   *
   * @param now - `true` puts it in use at once and stops publishing the earlier ones: for a key that leaked
   */
  rotate(purpose: KeyPurpose, now?: boolean): Promise<{ readonly keyId: string; readonly activeFrom: number }>
  /** Called when the set of keys changed, in this process or another. */
  onChange(listener: () => void): void
}
