import type { SigningAlgorithm } from './algorithm.js'
import type { DiscoveryKind } from './metadata.js'

/** What every test issuer takes. */
interface CommonOptions {
  /** What its keys sign with. Default: `ES256`. */
  readonly algorithm?: SigningAlgorithm
  /** Where its clock takes the time from, in seconds since the epoch. Default: the system's clock. */
  readonly now?: () => number
}

/** An issuer that listens on the loopback interface, with metadata and keys to be fetched. */
export interface ListeningIssuerOptions extends CommonOptions {
  readonly listen?: true
  /** A loopback address. Default: `127.0.0.1`. */
  readonly host?: string
  /** Default: 0, a free one. */
  readonly port?: number
  /** The path of the issuer identifier, such as `/tenant`. Default: none. */
  readonly path?: string
  /** Which metadata it publishes. Default: `oauth` (RFC 8414). */
  readonly discovery?: DiscoveryKind
  /** Members of the metadata document to add or replace; `undefined` removes one. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** The `Cache-Control` header of metadata and keys, such as `max-age=300`. Default: absent. */
  readonly cacheControl?: string
}

/** An issuer without a network: its keys are known through `issuer.trusted()` alone. */
export interface SilentIssuerOptions extends CommonOptions {
  readonly listen: false
  /** The issuer identifier. Default: `https://issuer.example`. */
  readonly issuer?: string
}

/** What {@link createTestIssuer} takes. */
export type TestIssuerOptions = ListeningIssuerOptions | SilentIssuerOptions
