/** One attack that must fail. */
export interface Threat {
  readonly id: string
  /** What the attacker tries. */
  readonly attack: string
  /** What must hold. */
  readonly holds: string
  /** Why there is nothing to prove yet. */
  readonly later?: string
  /** The folder of tests that proves it, where it needs a scene of its own. */
  readonly elsewhere?: string
}

export const threats = [
  { id: 'alg-none', attack: 'alg none in any spelling', holds: 'algorithm_rejected, and no key is looked up' },
  {
    id: 'hmac-confusion',
    attack: 'HMAC keyed with any written form of the public key',
    holds: 'algorithm_rejected before an HMAC is computed, whatever the form',
  },
  { id: 'hmac-configured', attack: 'symmetric algorithms enabled by mistake', holds: 'ConfigurationError at creation' },
  {
    id: 'empty-secret',
    attack: 'HMAC keyed with nothing, or with what a lookup that found nothing answers',
    holds: 'algorithm_rejected',
  },
  { id: 'weak-key', attack: 'keys of a wrong kind or of too few bits', holds: 'the key is never used' },
  {
    id: 'embedded-key',
    attack: 'jwk, jku, x5u, x5c and x5t in the header',
    holds: 'ignored, and nothing but the configured addresses is asked',
  },
  {
    id: 'kid-injection',
    attack: 'kid as a path, a query or a pattern',
    holds: 'a name that is compared, never logged as it is',
  },
  { id: 'psychic-signature', attack: 'signatures of zeros and of the group order', holds: 'signature_invalid' },
  {
    id: 'signature-encoding',
    attack: 'signatures of another length or encoding',
    holds: 'signature_invalid or token_malformed',
  },
  {
    id: 'signature-malleability',
    attack: 'another signature made from a good one',
    holds: 'refused where the algorithm has one signature',
  },
  {
    id: 'signature-identity',
    attack: 'the second ECDSA signature of a token used as another token',
    holds: 'the same identity: it counts as used when the other one was',
  },
  { id: 'base64url-malleability', attack: 'the same bytes written in another way', holds: 'token_malformed' },
  { id: 'critical-extension', attack: 'crit, b64, zip and cty', holds: 'refused' },
  { id: 'token-confusion', attack: 'tokens of another kind under the right signature', holds: 'token_type_rejected' },
  {
    id: 'duplicate-members',
    attack: 'a member twice, read differently by two readers',
    holds: 'the last value everywhere',
  },
  {
    id: 'oversize',
    attack: 'huge tokens, millions of dots',
    holds: 'refused by length before anything is split or decoded',
  },
  { id: 'deep-json', attack: 'JSON nested as deeply as the size allows', holds: 'no RangeError, no 500' },
  { id: 'unicode', attack: 'byte order marks, NUL, malformed UTF-8, UTF-16 and UTF-32', holds: 'token_malformed' },
  {
    id: 'encrypted-token',
    attack: 'JWE with compression and iteration bombs',
    holds: 'refused by the number of parts, nothing is decrypted',
  },
  {
    id: 'json-serialization',
    attack: 'a JWS in JSON serialisation, with alg in an unprotected header',
    holds: 'refused, never parsed',
  },
  { id: 'type-confusion', attack: 'claims of every wrong type', holds: 'refused, never converted' },
  {
    id: 'issuer-confusion',
    attack: 'iss and aud that only resemble the right ones, or are lists of them',
    holds: 'refused',
  },
  {
    id: 'prototype-pollution',
    attack: '__proto__, constructor and prototype in header, claims and act',
    holds: 'Object.prototype stays as it is, and nothing inherited counts',
  },
  { id: 'scope-trick', attack: 'scopes that only resemble the right one', holds: 'scope_insufficient' },
  {
    id: 'binding-downgrade',
    attack: 'a bound token presented as a plain one',
    holds: 'binding_unsupported, whatever is in cnf',
  },
  {
    id: 'chain-forgery',
    attack: 'chains that end early, name the right actor in the wrong place or hide one',
    holds: 'refused',
  },
  { id: 'time-trick', attack: 'exp, nbf and iat that switch a check off', holds: 'refused' },
  {
    id: 'header-smuggling',
    attack: 'credentials that two readers of HTTP see differently',
    holds: 'the same outcome on every target, never two identities',
  },
  { id: 'scheme-confusion', attack: 'a token under another scheme, or none at all', holds: 'token_missing' },
  {
    id: 'path-bypass',
    attack: 'paths, methods and header fields that lead around a guard',
    holds: 'no handler behind a guard runs without a token',
  },
  { id: 'forwarded-spoof', attack: 'Host, Forwarded and X-Forwarded fields', holds: 'nothing depends on them' },
  { id: 'proof-replay', attack: 'DPoP proofs replayed or of another request', holds: 'refused', elsewhere: 'binding' },
  {
    id: 'timing-oracle',
    attack: 'comparisons whose duration tells a secret',
    holds: 'compared in constant time',
  },
  {
    id: 'cache-confusion',
    attack: 'tokens made to hit the cache entry of another one',
    holds: 'a token is only ever itself',
  },
  {
    id: 'cached-too-broad',
    attack: 'a token cached on one route used on another that asks for more',
    holds: 'each route asks again',
  },
  { id: 'crossed-identities', attack: 'many users at the same time', holds: 'each request is given its own principal' },
  {
    id: 'shared-state',
    attack: 'what one request changes is seen by the next',
    holds: 'everything handed out is frozen or its own',
  },
  { id: 'stateful-answer', attack: 'the same request again and again', holds: 'always the same answer' },
  { id: 'log-injection', attack: 'control characters in what is recorded', holds: 'one line of JSON each' },
  { id: 'leak', attack: 'tokens and keys in answers, events, errors and warnings', holds: 'none anywhere' },
  {
    id: 'crash',
    attack: 'two credentials while keys are down, a caller that leaves, CONNECT',
    holds: 'an answer or a closed socket, and the next request is served',
  },
  {
    id: 'key-flood',
    attack: 'unknown kids against an empty, failing or full key set',
    holds: 'few fetches, and the good keys go on serving',
  },
  {
    id: 'introspection-confusion',
    attack: 'the answer of an issuer about one token, API or time used for another',
    holds: 'an answer counts for the token, the API and the time it was given for',
    elsewhere: 'introspection',
  },
  {
    id: 'revoked-from-cache',
    attack: 'a token that was served before it was revoked',
    holds: 'refused from the moment of its revocation',
    elsewhere: 'revocation',
  },
  {
    id: 'no-default-open',
    attack: 'checks that are optional elsewhere: audience, issuer, token',
    holds: 'required; there is no option that switches them off',
  },
  {
    id: 'advertised-only',
    attack: 'a scope that is published and not enforced',
    holds: 'what the metadata names is what the routes enforce',
  },
  {
    id: 'hostile-options',
    attack: 'key objects and settings that run code when they are looked at',
    holds: 'refused or read as data',
  },
  { id: 'any-flip', attack: 'any bit of a good token flipped', holds: 'it never verifies' },
  { id: 'any-input', attack: 'arbitrary headers, tokens and claims', holds: 'never 500, never an unhandled rejection' },
] as const satisfies readonly Threat[]

export type ThreatId = Exclude<(typeof threats)[number], { later: string } | { elsewhere: string }>['id']

/** What went wrong elsewhere, and the threat whose proof covers it here. */
export interface Incident {
  readonly where: string
  readonly wrong: string
  readonly threat?: (typeof threats)[number]['id']
  readonly later?: string
}

export const incidents: readonly Incident[] = [
  { where: 'jsonwebtoken CVE-2022-23540', wrong: 'without algorithms, none is accepted', threat: 'alg-none' },
  {
    where: 'jsonwebtoken CVE-2022-23541',
    wrong: 'a key function answers an RSA key and an HS token is accepted',
    threat: 'hmac-confusion',
  },
  { where: 'jsonwebtoken CVE-2022-23539', wrong: 'legacy key types and weak RSA keys usable', threat: 'weak-key' },
  {
    where: 'jsonwebtoken CVE-2022-23529',
    wrong: 'toString of a passed key object is called',
    threat: 'hostile-options',
  },
  { where: 'jsonwebtoken CVE-2015-9235', wrong: 'the attacker chooses the algorithm', threat: 'hmac-confusion' },
  { where: 'express-jwt CVE-2020-15084', wrong: 'algorithms optional with remote keys', threat: 'hmac-confusion' },
  {
    where: 'node-jws CVE-2025-65945',
    wrong: 'a secret looked up from the header: HMAC with an empty one',
    threat: 'empty-secret',
  },
  {
    where: 'fast-jwt CVE-2023-48223',
    wrong: 'a public key in PKCS1 form taken for a secret',
    threat: 'hmac-confusion',
  },
  { where: 'fast-jwt CVE-2026-34950', wrong: 'leading white space hides a public key', threat: 'hmac-confusion' },
  { where: 'fast-jwt GHSA-ww5h-9m49-7xx4', wrong: 'any prefix hides a public key', threat: 'hmac-confusion' },
  { where: 'fast-jwt CVE-2026-107724', wrong: 'the text of a JWK used as a secret', threat: 'hmac-confusion' },
  {
    where: 'fast-jwt CVE-2026-44351, ruby-jwt CVE-2026-45363, joserfc CVE-2026-49852',
    wrong: 'a lookup that finds nothing gives an empty key',
    threat: 'empty-secret',
  },
  { where: 'fast-jwt CVE-2026-107720', wrong: 'no key: unsigned tokens accepted', threat: 'empty-secret' },
  { where: 'fast-jwt CVE-2026-107723', wrong: 'claims in an array skip every check', threat: 'type-confusion' },
  { where: 'fast-jwt CVE-2025-30144', wrong: 'iss as a list that contains the right one', threat: 'issuer-confusion' },
  {
    where: 'fast-jwt CVE-2026-35039',
    wrong: 'cache keys collide and answer the claims of another user',
    threat: 'cache-confusion',
  },
  {
    where: 'fast-jwt CVE-2026-35040, CVE-2026-35041',
    wrong: 'a regular expression with state, and one with exponential time',
    threat: 'stateful-answer',
  },
  {
    where: 'fast-jwt 80b49c7, PyJWT CVE-2026-32597, Authlib CVE-2025-59420',
    wrong: 'an unknown crit accepted',
    threat: 'critical-extension',
  },
  {
    where: 'fast-jwt #606, jose',
    wrong: 'characters outside the alphabet and padding in a signature',
    threat: 'base64url-malleability',
  },
  { where: 'fast-jwt c0fb5b8', wrong: 'a tolerance of Infinity or NaN switches exp off', threat: 'hostile-options' },
  {
    where: 'Hono CVE-2025-62610, MCP Python SDK CVE-2026-116684',
    wrong: 'no audience check, or off by default',
    threat: 'no-default-open',
  },
  {
    where: 'Hono CVE-2026-22817, CVE-2026-22818',
    wrong: 'alg of the header when the key has none, HS256 by default',
    threat: 'hmac-confusion',
  },
  {
    where: 'Hono CVE-2026-44459',
    wrong: 'exp, nbf and iat of 0, a string or 1e400 skip the check',
    threat: 'time-trick',
  },
  { where: 'Hono 5463db27', wrong: 'a token under the Basic scheme accepted', threat: 'scheme-confusion' },
  { where: 'Hono bda46ac1', wrong: 'the options object changed by each request', threat: 'shared-state' },
  {
    where: 'jose CVE-2024-28176, go-jose CVE-2024-28180',
    wrong: 'an encrypted token that decompresses without bound',
    threat: 'encrypted-token',
  },
  {
    where: 'jose CVE-2022-36083, Nimbus CVE-2023-52428, joserfc CVE-2026-27932',
    wrong: 'an iteration count chosen by the attacker',
    threat: 'encrypted-token',
  },
  {
    where: 'golang-jwt CVE-2025-30204, go-jose CVE-2025-27144',
    wrong: 'a split on millions of dots',
    threat: 'oversize',
  },
  {
    where: 'Authlib CVE-2025-61920, joserfc CVE-2025-65015, CVE-2026-48990',
    wrong: 'parts without bound, and a huge token copied into an error',
    threat: 'oversize',
  },
  { where: 'Nimbus CVE-2025-53864', wrong: 'recursion over deep JSON', threat: 'deep-json' },
  { where: 'PyJWT CVE-2024-53861', wrong: 'the issuer compared as a substring', threat: 'issuer-confusion' },
  { where: 'Spring CVE-2026-22748', wrong: 'a decoder without an issuer check', threat: 'no-default-open' },
  {
    where: 'Oathkeeper CVE-2021-32701',
    wrong: 'a cached answer ignores the scope another route asks for',
    threat: 'cached-too-broad',
  },
  {
    where: 'Oathkeeper CVE-2026-33496, Duende GHSA-84rm-mhfq-f476',
    wrong: 'a cache key without the server that answered',
    threat: 'introspection-confusion',
  },
  {
    where: 'WSO2 CVE-2026-3583, Keycloak CVE-2026-8922',
    wrong: 'a revoked token served from a cache',
    threat: 'revoked-from-cache',
  },
  {
    where: 'Keycloak CVE-2026-37979',
    wrong: 'introspection answers for another audience',
    threat: 'introspection-confusion',
  },
  {
    where: 'Kong oauth2-introspection 3.12',
    wrong: 'memory grows with cached refusals',
    threat: 'introspection-confusion',
  },
  { where: 'Envoy CVE-2025-64527', wrong: 'two tokens and a failed key fetch: crash', threat: 'crash' },
  { where: 'Envoy CVE-2024-45809', wrong: 'a request that ends while keys are fetched: crash', threat: 'crash' },
  {
    where: 'Envoy CVE-2021-43824, CVE-2026-73511, CVE-2023-27487',
    wrong: 'CONNECT crashes; path parameters and a spoofed original path lead around the filter',
    threat: 'path-bypass',
  },
  { where: 'Envoy CVE-2022-29226', wrong: 'any token taken for a good one', threat: 'any-flip' },
  { where: 'Envoy CVE-2024-45808', wrong: 'log injection through header fields', threat: 'log-injection' },
  {
    where: 'Envoy CVE-2021-21378',
    wrong: 'a missing token allowed also lets a bad one through',
    threat: 'no-default-open',
  },
  { where: 'mobula #28', wrong: 'no cooldown while the key set is empty', threat: 'key-flood' },
  { where: 'fastapi-zitadel-auth #156', wrong: 'an unknown kid wipes the key cache', threat: 'key-flood' },
  {
    where: 'ezpds 8f5863d, first half',
    wrong: 'an empty cnf makes a bound token a plain one',
    threat: 'binding-downgrade',
  },
  { where: 'ezpds 8f5863d, second half', wrong: 'the time of a proof overflows', threat: 'proof-replay' },
  {
    where: 'toolhive #5284',
    wrong: 'an option named scopes that is advertised and never enforced',
    threat: 'advertised-only',
  },
  {
    where: 'MCP TypeScript SDK CVE-2026-25536',
    wrong: 'the answer of one client given to another',
    threat: 'crossed-identities',
  },
  {
    where: 'MCP TypeScript SDK CVE-2026-104850',
    wrong: 'a client sends its credentials to a server the attacker names',
    later: 'a client is not part of the package yet; the server side asks configured addresses only (embedded-key)',
  },
  {
    where: 'web-token/jwt GHSA-5739-39v2-5754',
    wrong: 'alg taken from an unprotected header',
    threat: 'json-serialization',
  },
  { where: 'Java CVE-2022-21449', wrong: 'r = s = 0 accepted', threat: 'psychic-signature' },
  { where: 'CVE-2016-5431', wrong: 'key confusion', threat: 'hmac-confusion' },
  { where: 'CVE-2018-0114', wrong: 'an embedded key trusted', threat: 'embedded-key' },
  { where: 'CVE-2020-28042', wrong: 'an empty signature accepted', threat: 'signature-encoding' },
]
