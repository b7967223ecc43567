import type { Requirement } from './requirement.js'

/** From HTTP to one credential. */
export const request = [
  {
    id: 'RFC6750-2.1-header',
    source: 'RFC 6750 section 2.1',
    text: 'A token in the Authorization header under the Bearer scheme is taken.',
  },
  {
    id: 'RFC6750-3.1-no-token',
    source: 'RFC 6750 section 3.1',
    text: 'A request without credentials, or with those of an unsupported method, gets a challenge without an error code.',
  },
  {
    id: 'RFC6750-2.2-body',
    source: 'RFC 6750 section 2.2',
    text: 'A token in the body is not a credential here.',
  },
  {
    id: 'RFC6750-2.3-query',
    source: 'RFC 6750 section 2.3, RFC 9700 section 4.3.2',
    text: 'A token in the query is not a credential, alone or beside one in the header.',
  },
  {
    id: 'BEHALF-other-headers',
    source: 'Behalf',
    text: 'No header but Authorization carries a credential.',
  },
  {
    id: 'RFC9110-11.1-scheme-case',
    source: 'RFC 9110 section 11.1',
    text: 'The name of the scheme is compared without regard to case.',
  },
  {
    id: 'RFC6750-2.1-spaces',
    source: 'RFC 6750 section 2.1',
    text: 'Scheme and token are separated by one or more spaces; a tab is no space.',
  },
  {
    id: 'RFC6750-2.1-token68',
    source: 'RFC 6750 section 2.1',
    text: 'Bearer credentials that are not of the b64token grammar are a malformed request.',
  },
  {
    id: 'RFC6750-2.1-empty',
    source: 'RFC 6750 section 2.1, RFC 9110 section 11.4',
    text: 'An empty Authorization header and a Bearer scheme without a token are a malformed request.',
  },
  {
    id: 'RFC6750-2-one-token',
    source: 'RFC 6750 section 2, RFC 9110 section 5.3',
    text: 'More than one Authorization field line is refused, equal or not, whatever the schemes and the case of the name.',
  },
  {
    id: 'RFC9110-5.3-list',
    source: 'RFC 9110 section 5.3',
    text: 'Two credentials folded into one field line are refused like two field lines.',
  },
  {
    id: 'BEHALF-token-size',
    source: 'Behalf, RFC 8725 section 3',
    text: 'A token of the largest accepted size is served, one byte more is refused, and so is a token as large as Node lets in.',
  },
  {
    id: 'RFC9110-9.3.2-head',
    source: 'RFC 9110 section 9.3.2',
    text: 'HEAD is guarded like GET and answered with the same status and header fields, without a body.',
  },
  {
    id: 'BEHALF-method-not-exempt',
    source: 'Behalf',
    text: 'No method is exempt from a guard: OPTIONS and POST are judged like GET.',
  },
  {
    id: 'RFC9112-3.2.2-absolute-form',
    source: 'RFC 9112 section 3.2.2',
    text: 'A request target in absolute form reaches the same guard with the same outcome.',
  },
  {
    id: 'BEHALF-origin-is-configuration',
    source: 'Behalf',
    text: 'What the caller says of the host, scheme or path in Host, Forwarded or X-Forwarded fields never changes the outcome.',
  },
  {
    id: 'BEHALF-unguarded-route',
    source: 'Behalf',
    text: 'A route without a guard is left alone: credentials are not looked at and nothing is recorded.',
  },
  {
    id: 'RFC9112-9.3-pipeline',
    source: 'RFC 9112 section 9.3.2',
    text: 'Requests that share a connection are judged one by one and answered in order.',
  },
] as const satisfies readonly Requirement[]
