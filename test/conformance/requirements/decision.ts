import type { Requirement } from './requirement.js'

/** How an outcome becomes HTTP, and what a handler is given. */
export const decision = [
  {
    id: 'RFC9110-11.6.1-challenge',
    source: 'RFC 9110 sections 11.6.1 and 15.5.2, RFC 6750 section 3',
    text: 'Every 401 has exactly one WWW-Authenticate field with one Bearer challenge.',
  },
  {
    id: 'RFC6750-3-refused-challenge',
    source: 'RFC 6750 section 3',
    text: 'Every other refusal of a request whose token does not enable access has the challenge too: 400 and 403.',
  },
  {
    id: 'RFC6750-3-parameters',
    source: 'RFC 6750 section 3',
    text: 'No parameter of a challenge occurs twice, and none holds a character the standard leaves out.',
  },
  {
    id: 'RFC6750-3.1-error-codes',
    source: 'RFC 6750 section 3.1',
    text: 'invalid_request goes with 400, invalid_token with 401, insufficient_scope with 403; 403 for other reasons has no error.',
  },
  {
    id: 'RFC9457-3-problem',
    source: 'RFC 9457 section 3',
    text: 'Every refusal is a problem document whose status is the status of the answer.',
  },
  {
    id: 'RFC9111-5.2.2.5-no-store',
    source: 'RFC 9111 section 5.2.2.5',
    text: 'No refusal may be stored by a cache.',
  },
  {
    id: 'BEHALF-constant-text',
    source: 'Behalf',
    text: 'Title and description of a code are always the same: nothing of the request enters them.',
  },
  {
    id: 'ACTOR-PROFILE-no-detail',
    source: 'OAuth Actor Profile draft',
    text: 'Why an actor was refused is not told to the caller: the four reasons have the same answer to the byte.',
  },
  {
    id: 'BEHALF-own-fault',
    source: 'Behalf',
    text: 'A fault of this server is 503 or 500 without a challenge, and never blames the token.',
  },
  {
    id: 'BEHALF-every-code',
    source: 'Behalf',
    text: 'Each code of the error table has its one answer, whoever raises it.',
  },
  {
    id: 'BEHALF-every-bad-token',
    source: 'Behalf',
    text: 'Each kind of bad token that the testing package mints gets the code it is documented with.',
  },
  {
    id: 'BEHALF-principal',
    source: 'Behalf',
    text: 'A handler is given subject, issuer, mode, actor, client, scopes, expiry, token identifier and transaction of the token.',
  },
  {
    id: 'BEHALF-identities-stay-apart',
    source: 'Behalf',
    text: 'Requests that run at the same time are each given their own principal.',
  },
] as const satisfies readonly Requirement[]
