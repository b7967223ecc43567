import type { Requirement } from './requirement.js'

/** What a signed token says, judged against the clock and this resource. */
export const claims = [
  {
    id: 'RFC9068-2.2-required',
    source: 'RFC 9068 sections 2.2 and 4',
    text: 'sub, aud, exp, iat, client_id and jti must be there.',
  },
  {
    id: 'RFC9068-4-iss',
    source: 'RFC 9068 section 4, RFC 8725 section 3.8',
    text: 'iss is one of the configured issuers, compared character by character; a missing or mistyped one is none of them.',
  },
  {
    id: 'RFC7519-4.1-types',
    source: 'RFC 7519 section 4.1',
    text: 'sub, client_id and jti are non-empty strings, aud is a non-empty string or a non-empty list of them; nothing is converted.',
  },
  {
    id: 'RFC7519-2-numeric-date',
    source: 'RFC 7519 section 2',
    text: 'exp, iat and nbf are numbers of seconds from 0 to 2^53 - 1, fractions included; strings, infinities and negatives are refused.',
  },
  {
    id: 'RFC7519-4.1.4-exp',
    source: 'RFC 7519 section 4.1.4',
    text: 'A token is refused from its exp on, with a small tolerance for clocks.',
  },
  {
    id: 'RFC7519-4.1.5-nbf',
    source: 'RFC 7519 section 4.1.5',
    text: 'A token is refused before its nbf, with the same tolerance.',
  },
  {
    id: 'BEHALF-iat-future',
    source: 'Behalf, RFC 7519 section 4.1.6',
    text: 'A token issued in the future is refused, with the same tolerance.',
  },
  {
    id: 'BEHALF-clock-tolerance',
    source: 'Behalf',
    text: 'The tolerance is a setting; 0 means none.',
  },
  {
    id: 'BEHALF-token-age',
    source: 'Behalf',
    text: 'With maxTokenAge a token is refused when it was issued longer ago; without it, age does not count.',
  },
  {
    id: 'BEHALF-token-lifetime-delegated',
    source: 'Behalf',
    text: 'A delegated token that was issued for longer than 900 seconds is refused; a direct one is not.',
  },
  {
    id: 'BEHALF-token-lifetime-setting',
    source: 'Behalf',
    text: 'Both lifetimes are settings, one for each kind of token.',
  },
  {
    id: 'RFC9068-4-aud',
    source: 'RFC 9068 section 4, RFC 7519 section 4.1.3',
    text: 'aud names this resource, as the string or in the list, compared character by character.',
  },
  {
    id: 'RFC6749-3.3-scope-claim',
    source: 'RFC 8693 section 4.2, RFC 6749 section 3.3',
    text: 'scope is a string of scopes separated by spaces; absent and empty mean none; every other type is refused.',
  },
  {
    id: 'BEHALF-scope-profile',
    source: 'Behalf',
    text: 'Through the profile of the issuer scopes may be in another claim and in a list.',
  },
  {
    id: 'BEHALF-cnf-unsupported',
    source: 'Behalf, RFC 7800 section 3.1',
    text: 'A token with cnf, whatever is in it, is never taken as a plain bearer token.',
  },
  {
    id: 'BEHALF-unknown-claims',
    source: 'RFC 7519 section 4',
    text: 'Claims that are not understood are ignored.',
  },
  {
    id: 'BEHALF-profile-auth0',
    source: 'Behalf',
    text: 'With the profile auth0() an access token as Auth0 documents it is served, and none of its ID tokens.',
  },
  {
    id: 'BEHALF-profile-keycloak',
    source: 'Behalf',
    text: 'With the profile keycloak() an access token as Keycloak documents it is served, and none of its ID tokens.',
  },
  {
    id: 'BEHALF-profile-entra',
    source: 'Behalf',
    text: 'With the profile entra() an access token as Microsoft Entra ID documents it is served, and none of its ID tokens.',
  },
  {
    id: 'BEHALF-profile-okta',
    source: 'Behalf',
    text: 'With the profile okta() an access token as Okta documents it is served, and none of its ID tokens.',
  },
  {
    id: 'BEHALF-profile-cognito',
    source: 'Behalf',
    text: 'With the profile cognito() an access token as Amazon Cognito documents it is served, and none of its ID tokens.',
  },
  {
    id: 'BEHALF-several-issuers',
    source: 'Behalf, RFC 8725 section 3.8',
    text: 'With several issuers each verifies with its own keys only, also when two of them use the same kid.',
  },
  {
    id: 'BEHALF-order-of-checks',
    source: 'Behalf',
    text: 'The order of checks is fixed, so that a token with several faults always gets the same code: signature, then claims, then policy.',
  },
  {
    id: 'BEHALF-no-revival',
    source: 'Behalf',
    text: 'A token that was served before is refused once it has expired.',
  },
] as const satisfies readonly Requirement[]
