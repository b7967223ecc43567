import type { Requirement } from './requirement.js'

/** Where keys come from and which of them may verify. */
export const keys = [
  {
    id: 'RFC8414-3-discovery',
    source: 'RFC 8414 sections 3 and 3.1',
    text: 'Keys are found through the issuer metadata; the well-known part goes between host and path.',
  },
  {
    id: 'OIDC-4-discovery',
    source: 'OpenID Connect Discovery 1.0 section 4',
    text: 'Without RFC 8414 metadata the OpenID configuration is asked, its well-known part after the path.',
  },
  {
    id: 'RFC8414-3.3-issuer',
    source: 'RFC 8414 section 3.3',
    text: 'Metadata whose issuer is not exactly the configured one is not used: that is our outage, not a bad token.',
  },
  {
    id: 'BEHALF-jwks-uri',
    source: 'Behalf',
    text: 'With jwksUri nothing but that address is asked; with jwks nothing at all.',
  },
  {
    id: 'BEHALF-keys-fetched-once',
    source: 'Behalf',
    text: 'Keys are fetched once and kept; many requests at a cold start share one fetch.',
  },
  {
    id: 'RFC7517-4.2-use',
    source: 'RFC 7517 sections 4.2, 4.3 and 4.4',
    text: 'A key verifies only what its use, key_ops and alg allow.',
  },
  {
    id: 'RFC7518-3.3-rsa-size',
    source: 'RFC 7518 sections 3.3 and 3.5',
    text: 'An RSA key of less than 2048 bits is never used.',
  },
  {
    id: 'RFC7517-9.2-private-keys',
    source: 'RFC 7517 section 9.2',
    text: 'Symmetric and private keys in a key set are never used.',
  },
  {
    id: 'RFC7517-5-unusable-members',
    source: 'RFC 7517 section 5',
    text: 'Members of a key set that are not understood are skipped; the others go on verifying.',
  },
  {
    id: 'RFC7515-4.1.4-unknown-kid',
    source: 'RFC 7515 section 4.1.4',
    text: 'A kid the issuer does not have is refused, after at most one look at its keys in the cooldown.',
  },
  {
    id: 'BEHALF-kid-exact',
    source: 'Behalf',
    text: 'kid is a name and nothing else: compared as it is, never a path, a pattern or a query.',
  },
  {
    id: 'BEHALF-no-kid',
    source: 'Behalf',
    text: 'A token without kid verifies when exactly one key fits its algorithm, and is refused when several do.',
  },
  {
    id: 'RFC8725-3.1-one-key-one-algorithm',
    source: 'RFC 8725 section 3.1',
    text: 'A key that declares an algorithm verifies no other one of its family.',
  },
  {
    id: 'BEHALF-rotation',
    source: 'Behalf',
    text: 'The first token of a new key is served, with one fetch.',
  },
  {
    id: 'BEHALF-withdrawn-key',
    source: 'Behalf',
    text: 'A key that is no longer published stops verifying at the next refresh, also for tokens served before.',
  },
  {
    id: 'BEHALF-keys-unavailable',
    source: 'Behalf, RFC 9110 section 15.6.4',
    text: 'When keys cannot be had the answer is 503 with Retry-After, never invalid_token; it recovers by itself.',
  },
  {
    id: 'BEHALF-stale-keys',
    source: 'Behalf',
    text: 'While the issuer is down its last keys serve for the stale window and no longer.',
  },
  {
    id: 'BEHALF-garbage-costs-no-fetch',
    source: 'Behalf',
    text: 'A token that cannot become right - malformed, of another issuer or audience, expired - never causes a fetch.',
  },
  {
    id: 'BEHALF-no-redirect',
    source: 'Behalf',
    text: 'A redirect of the key endpoint is not followed.',
  },
] as const satisfies readonly Requirement[]
