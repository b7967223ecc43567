import type { JSONWebKeySet, JWK } from 'jose'
import { type BadTokens, createBadTokens } from './bad/bad-tokens.js'
import { createForge } from './bad/forge.js'
import { createTestClock, type TestClock } from './clock.js'
import type { TestIssuerOptions } from './issuer-options.js'
import type { TestKey, TestKeyOptions } from './key.js'
import { createKeyRing } from './key-ring.js'
import type { OutageKind, OutageOptions, OutageResponder } from './outage.js'
import { publishNowhere, publishOnLoopback } from './publication.js'
import { createStrangers } from './strangers.js'
import type { TokenSpec } from './token.js'

/** An issuer for tests: it signs good and bad tokens, publishes its keys, rotates them, and fails on demand. */
export interface TestIssuer {
  /** The issuer identifier, `iss`: `http://127.0.0.1:PORT` and the path, or what a silent issuer was named. */
  readonly issuer: string
  /** Where its keys are. A silent issuer serves nothing there. */
  readonly jwksUri: string
  /** The time of its tokens. Give `clock.now` to the resource server too, and both move together. */
  readonly clock: TestClock
  /** How often each path was asked for, queries left out. A live view; `/jwks` and the metadata path start at 0. */
  readonly requests: Readonly<Record<string, number>>
  /** The key that signs now. */
  readonly signingKey: TestKey
  /** One call per kind of bad token. */
  readonly bad: BadTokens
  /**
   * Signs an access token (RFC 9068), delegated when there is an actor (RFC 8693 section 4.1).
   *
   * @throws TypeError when subject or audience is missing, or an actor has no subject
   */
  token(spec: TokenSpec): Promise<string>
  /** The published keys (RFC 7517 section 5) as they are now, as a copy. */
  jwks(): JSONWebKeySet
  /** This issuer as a resource server option, with the keys as they are now: no network is used. */
  trusted(): { readonly issuer: string; readonly jwks: JSONWebKeySet }
  /**
   * Signs with a new key from now on. The old one stays published until it is withdrawn.
   *
   * @param options - another algorithm, or a `keyId`: that of a published key replaces it
   */
  rotateKeys(options?: TestKeyOptions): Promise<TestKey>
  /** Publishes one more key, whatever it is. It signs nothing. */
  publishKey(jwk: JWK): void
  /**
   * Publishes a key no longer, by its `kid`. Should it be the one that signs, then it goes on signing: tokens of a
   * withdrawn key are what one wants refused.
   *
   * @throws TypeError when no published key has that `kid`
   */
  withdrawKey(keyId: string): void
  /**
   * From now on fails in one way, or with `null` no more. Wait for it: ports are closed and opened.
   *
   * @throws TypeError on an issuer that is silent or closed
   */
  outage(kind: OutageKind | OutageResponder | null, options?: OutageOptions): Promise<void>
  /** Stops listening and drops every connection. Tokens can still be signed. */
  close(): Promise<void>
}

/**
 * Creates an issuer with one key. Close it when the tests are done.
 *
 * @throws TypeError for an unknown algorithm, a host that is not loopback, or a path that does not start with a slash
 */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const clock = createTestClock(options.now)
  const keys = await createKeyRing({ algorithm: options.algorithm })
  const strangers = createStrangers()
  const publication =
    options.listen === false ? publishNowhere(options) : await publishOnLoopback(options, keys, strangers)
  const { issuer, jwksUri, plantedUrl, requests } = publication
  const forge = createForge({
    issuer,
    plantedUrl,
    now: clock.now,
    signing: keys.signing,
    published: keys.published,
    stranger: strangers.for,
  })

  return {
    issuer,
    jwksUri,
    clock,
    requests,
    get signingKey() {
      return keys.signing()
    },
    bad: createBadTokens(forge),
    token: async (spec) => forge.token(spec),
    jwks: keys.published,
    trusted: () => ({ issuer, jwks: keys.published() }),
    rotateKeys: keys.rotate,
    publishKey: keys.publish,
    withdrawKey: keys.withdraw,
    outage: publication.outage,
    close: publication.close,
  }
}
