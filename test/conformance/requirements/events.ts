import type { Requirement } from './requirement.js'

/** What issuers say about tokens they have issued. */
export const events = [
  {
    id: 'RFC8935-2.2-accepted',
    source: 'RFC 8935 section 2.2',
    text: 'A security event token that holds is answered 202 with an empty body, and is in force by then.',
  },
  {
    id: 'RFC8935-2.3-error',
    source: 'RFC 8935 section 2.3',
    text: 'What does not hold is answered 400 with a JSON document of err and description, and withdraws nothing.',
  },
  {
    id: 'RFC8935-2.4-codes',
    source: 'RFC 8935 section 2.4',
    text: 'Each fault has its error code: invalid_request, invalid_key, invalid_issuer, invalid_audience, authentication_failed, access_denied.',
  },
  {
    id: 'RFC8417-2.3-type',
    source: 'RFC 8417 sections 2.3 and 4, RFC 8725 section 3.11',
    text: 'Only a token of the type secevent+jwt is a security event: an access token is none, and a security event is no access token.',
  },
  {
    id: 'RFC8935-2-again',
    source: 'RFC 8935 section 2',
    text: 'A security event token that is sent again is answered 202 again.',
  },
  {
    id: 'CAEP-3-withdraws',
    source: 'OpenID CAEP 1.0 sections 3.1 to 3.3',
    text: 'session-revoked, token-claims-change and credential-change withdraw the tokens of their subject issued by then; a credential that was added withdraws none.',
  },
  {
    id: 'RISC-2.2-disabled',
    source: 'OpenID RISC 1.0 section 2.2',
    text: 'account-disabled withdraws the tokens of the account.',
  },
  {
    id: 'SSF-8.1.4-verification',
    source: 'OpenID SSF 1.0 section 8.1.4',
    text: 'A verification event is acknowledged and withdraws nothing.',
  },
  {
    id: 'BEHALF-event-size',
    source: 'Behalf',
    text: 'A body longer than the limit is refused without being read to its end; one of the longest size is judged.',
  },
  {
    id: 'BEHALF-events-fail',
    source: 'Behalf',
    text: 'Events that cannot be put in force are answered 503, to be sent again.',
  },
] as const satisfies readonly Requirement[]
