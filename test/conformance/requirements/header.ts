import type { Requirement } from './requirement.js'

/** The form of a token and its JOSE header. */
export const header = [
  {
    id: 'RFC7515-7.1-three-parts',
    source: 'RFC 7515 section 7.1, RFC 7516 section 9',
    text: 'A token has exactly three non-empty parts; four, five (an encrypted token), two or one are refused.',
  },
  {
    id: 'RFC7515-2-base64url',
    source: 'RFC 7515 section 2, RFC 4648 sections 3.5 and 5',
    text: 'Each part is base64url without padding, without any other character and with unused bits zero.',
  },
  {
    id: 'RFC7519-7.2-json-object',
    source: 'RFC 7519 section 7.2',
    text: 'Header and claims are each one JSON object.',
  },
  {
    id: 'RFC7519-7.2-utf8',
    source: 'RFC 7519 section 7.2, RFC 3629, RFC 8259 section 8.1',
    text: 'Header and claims are well-formed UTF-8 without a byte order mark.',
  },
  {
    id: 'RFC7515-4-duplicate-members',
    source: 'RFC 7515 section 4, RFC 7519 section 4',
    text: 'Of a member name that is there twice the last value counts, for the decision, the handler and the audit event alike.',
  },
  {
    id: 'RFC8725-3.1-algorithm',
    source: 'RFC 8725 sections 3.1 and 3.2',
    text: 'Only an enabled asymmetric algorithm verifies, compared in exact case; every other value of alg is refused.',
  },
  {
    id: 'RFC7518-3-algorithms',
    source: 'RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2',
    text: 'A token of each supported algorithm is served.',
  },
  {
    id: 'RFC8725-3.1-issuer-algorithms',
    source: 'RFC 8725 section 3.1',
    text: 'An algorithm that is not enabled for the issuer is refused, though the key would verify it.',
  },
  {
    id: 'RFC9068-4-typ',
    source: 'RFC 9068 section 4',
    text: 'typ is at+jwt or application/at+jwt, in any case of letters; every other kind of token is refused.',
  },
  {
    id: 'RFC7515-4.1.11-crit',
    source: 'RFC 7515 section 4.1.11',
    text: 'A token with crit is refused, because no extension is understood.',
  },
  {
    id: 'RFC7797-7-b64',
    source: 'RFC 7797 section 7',
    text: 'A token with b64 is refused, whatever its value.',
  },
  {
    id: 'BEHALF-zip',
    source: 'Behalf, RFC 7516 section 4.1.3',
    text: 'A token with zip is refused: nothing is ever decompressed.',
  },
  {
    id: 'RFC7519-5.2-cty',
    source: 'RFC 7519 section 5.2',
    text: 'A token with cty announces a nested token and is refused.',
  },
  {
    id: 'RFC7515-4.1.4-kid',
    source: 'RFC 7515 section 4.1.4',
    text: 'kid is a string, at most 256 characters long here.',
  },
  {
    id: 'RFC8725-3.10-header-keys',
    source: 'RFC 8725 section 3.10',
    text: 'Keys and addresses of keys in the header are ignored: they neither help a forged token nor spoil a good one.',
  },
] as const satisfies readonly Requirement[]
