export { type SigningAlgorithm, signingAlgorithms } from './algorithm.js'
export type { BadTokenKind, BadTokens } from './bad/bad-tokens.js'
export { type BadToken, badTokens, malformedActs } from './bad/catalogue.js'
export type { BadChains } from './bad/chains.js'
export type { BadClaims, RequiredClaim } from './bad/claims.js'
export type { BadHeaders } from './bad/headers.js'
export type { BadSignatures, PublicSecret } from './bad/signatures.js'
export { createTestClock, type TestClock } from './clock.js'
export type { ActorChain, ActorSpec } from './delegation.js'
export { createDpopKey, type DpopKey, type DpopProofSpec } from './dpop-key.js'
export { createTestIssuer, type TestIssuer } from './issuer.js'
export type { ListeningIssuerOptions, SilentIssuerOptions, TestIssuerOptions } from './issuer-options.js'
export { createTestKey, type TestKey, type TestKeyOptions } from './key.js'
export type { DiscoveryKind } from './metadata.js'
export type { OutageKind, OutageOptions, OutageResponder, PublishedDocument } from './outage.js'
export {
  type ReplayStoreCase,
  type ReplayStoreCasesOptions,
  type ReplayStoreLike,
  replayStoreCases,
} from './replay-store-cases.js'
export type { TokenSpec } from './token.js'
