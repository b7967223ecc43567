import type { BadTokenKind } from './bad-tokens.js'

/** What a kind of bad token must give, as data. */
export interface BadToken {
  /** The method of `issuer.bad` that makes it. */
  readonly kind: BadTokenKind
  /** The code of the refusal: `decision.error.code`, and the reason in the audit event. */
  readonly code: string
  /** The `code` in the answer's body. The same, except where the caller must not learn the reason. */
  readonly wireCode: string
  /** The HTTP status of the answer. */
  readonly status: 400 | 401 | 403
  /** The OAuth `error` of the challenge and the body (RFC 6750 section 3.1). */
  readonly error: string
  /** What is wrong with the token. */
  readonly description: string
  /** Options the resource server needs to refuse it. Absent: it is refused by default. */
  readonly options?: { readonly maxTokenAge?: number; readonly maxTokenSize?: number }
}

function row(kind: BadTokenKind, code: string, description: string, rest: Partial<BadToken> = {}): BadToken {
  return Object.freeze({ kind, code, wireCode: code, status: 401, error: 'invalid_token', description, ...rest })
}

/**
 * Every kind of bad token with the code it must give, for a suite that iterates:
 * `for (const { kind, code } of badTokens) await issuer.bad[kind](spec)`.
 */
export const badTokens: readonly BadToken[] = Object.freeze([
  row('expired', 'token_expired', 'expired ten minutes ago'),
  row('notYetValid', 'token_not_yet_valid', '`nbf` ten minutes ahead'),
  row('issuedInFuture', 'token_not_yet_valid', '`iat` ten minutes ahead'),
  row('tooOld', 'token_too_old', 'issued ten minutes ago', { options: Object.freeze({ maxTokenAge: 300 }) }),
  row('livesTooLong', 'token_lifetime_too_long', 'a delegated token that lives for a day'),

  row('wrongAudience', 'audience_mismatch', 'for another API'),
  row('severalAudiences', 'audience_mismatch', 'a delegated token for this API and another one'),
  row('wrongIssuer', 'issuer_untrusted', "a stranger's `iss` over the issuer's own signature"),
  row('missingClaim', 'claim_missing', 'lacks a required claim: `jti`, or the one given'),
  row('invalidClaim', 'claim_invalid', 'a claim of the wrong type: `exp`, or the one given'),
  row('notAnObject', 'token_malformed', 'claims in an array'),
  row('boundToken', 'binding_required', 'bound to a key through `cnf`, presented without a proof'),

  row('wrongType', 'token_type_rejected', 'an ID token: `typ` is `JWT`, or the one given'),
  row('nestedToken', 'token_type_rejected', 'announces a nested token with `cty`'),
  row('critical', 'token_malformed', 'demands an unknown extension with `crit`'),
  row('compressed', 'token_malformed', 'claims compression with `zip`'),
  row('encrypted', 'token_malformed', 'a JWE, five parts'),
  row('truncated', 'token_malformed', 'lacks its last part'),
  row('tooLarge', 'token_malformed', 'more than 6,000 bytes', { options: Object.freeze({ maxTokenSize: 4096 }) }),

  row('unsigned', 'algorithm_rejected', '`alg` is `none`, or the spelling given, and there is no signature'),
  row('algorithmNone', 'algorithm_rejected', '`alg` is `none`, or the spelling given, over a real signature'),
  row('strippedSignature', 'token_malformed', 'nothing behind the last dot'),
  row('hs256Confusion', 'algorithm_rejected', "HS256 with the issuer's public key as the secret"),
  row('tampered', 'signature_invalid', 'claims changed after the signature'),
  row('foreignSignature', 'signature_invalid', 'the signature of another token'),
  row('zeroSignature', 'signature_invalid', 'a signature of zero bytes'),
  row('wrongKey', 'signature_invalid', "the `kid` of the issuer's key, the signature of another one"),
  row('embeddedKey', 'signature_invalid', 'brings its key along as `jwk`'),
  row('unknownKey', 'key_not_found', 'a `kid` the issuer does not publish'),
  row('plantedKeyUrl', 'key_not_found', 'points to its key with `jku` and `x5u`'),

  row('malformedChain', 'delegation_malformed', 'an `act` that is no chain'),
  row('tooDeepChain', 'delegation_too_deep', 'five actors, or as many as given', {
    status: 400,
    error: 'invalid_request',
  }),
  row('selfDelegation', 'delegation_malformed', 'the subject as its own actor'),
  row('foreignActor', 'actor_untrusted', 'an actor of an issuer that is not trusted', {
    wireCode: 'actor_unauthorized',
    status: 403,
    error: 'actor_unauthorized',
  }),
])

/** Values of `act` that are no delegation chain (RFC 8693 section 4.1), for `issuer.bad.malformedChain(spec, act)`. */
export const malformedActs: readonly unknown[] = Object.freeze([
  null,
  false,
  0,
  '',
  'agent:support',
  [],
  ['agent:support'],
  [{ sub: 'agent:support' }],
  {},
  { iss: 'https://auth.example.com' },
  { sub: '' },
  { sub: 7 },
  { sub: null },
  { sub: ['agent:support'] },
  { sub: 'a'.repeat(300) },
  { sub: 'agent:support', iss: '' },
  { sub: 'agent:support', iss: 7 },
  { sub: 'agent:support', act: null },
  { sub: 'agent:support', act: false },
  { sub: 'agent:support', act: '' },
  { sub: 'agent:support', act: [] },
  { sub: 'agent:support', act: 'agent:planner' },
  { sub: 'agent:support', act: { sub: 'agent:planner', act: {} } },
])
