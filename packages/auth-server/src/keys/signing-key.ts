import type { JWK, JWTPayload } from 'jose'

/** `token` keys sign tokens, metadata answers and security events; `checkpoint` keys sign the trail. */
export type KeyPurpose = 'token' | 'checkpoint'

/** A key without the key: when it is used. Times in seconds since the epoch. */
export interface SigningKeyTimes {
  /** As in `kid`: its thumbprint (RFC 7638). */
  readonly keyId: string
  readonly purpose: KeyPurpose
  readonly algorithm: 'ES256' | 'EdDSA'
  readonly createdAt: number
  /** From when on it signs. */
  readonly activeFrom: number
  /** Until when; null while no later key is known. */
  readonly activeUntil: number | null
  /** Until when it is published; null without an end. */
  readonly publishedUntil: number | null
}

/** The keys of the server. Every process on one database uses the same ones at the same time. */
export interface SigningKeys {
  /** Signs `claims` with the key in use now. `header` adds members such as `typ`. */
  sign(purpose: KeyPurpose, header: { readonly typ: string }, claims: JWTPayload): Promise<string>
  /** Public keys to publish: those in use, the next one, and earlier ones until every token of theirs is gone. */
  published(purpose: KeyPurpose): Promise<readonly JWK[]>
  /** Private keys for the protocol engine, the one in use first. */
  privateKeys(): Promise<readonly JWK[]>
  /**
   * Creates the next key, published at once and in use after the lead time; the one that already waits, where there is one.
   *
   * @param now - `true` puts it in use at once and stops publishing the earlier ones: for a key that leaked
   * @param by - who asks for it, for the trail. Default `schedule`
   */
  rotate(
    purpose: KeyPurpose,
    now?: boolean,
    by?: string,
  ): Promise<{ readonly keyId: string; readonly activeFrom: number }>
  /** Every key there is, the newest first. */
  list(): Promise<readonly SigningKeyTimes[]>
  /** Called when the set of keys changed, in this process or another. */
  onChange(listener: () => void): void
}
