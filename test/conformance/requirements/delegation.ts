import type { Requirement } from './requirement.js'

/** Who acts for whom. */
export const delegation = [
  {
    id: 'RFC8693-4.1-current-actor',
    source: 'RFC 8693 section 4.1',
    text: 'The outermost act is the current actor; subject and actor are told apart, and the mode is delegated.',
  },
  {
    id: 'BEHALF-direct-mode',
    source: 'Behalf, RFC 9068 section 2.2',
    text: 'A token without act is direct: it has no actor, also when the subject is the client itself.',
  },
  {
    id: 'RFC8693-4.1-prior-actors',
    source: 'RFC 8693 section 4.1',
    text: 'Prior actors are never considered in a decision: neither do they help nor do they harm, and a handler does not see them.',
  },
  {
    id: 'RFC8693-4.1-identity-claims-only',
    source: 'RFC 8693 section 4.1',
    text: 'Claims inside act that do not identify the actor, such as exp and aud, mean nothing.',
  },
  {
    id: 'RFC8693-4.4-may-act',
    source: 'RFC 8693 section 4.4',
    text: 'may_act makes nobody an actor: a token with it is direct and grants nothing more.',
  },
  {
    id: 'ACTOR-PROFILE-malformed-link',
    source: 'OAuth Actor Profile draft, RFC 8693 section 4.1',
    text: 'Each link of the chain is an object with a non-empty sub of at most 255 characters; a malformed link at any depth refuses the token and never ends the chain.',
  },
  {
    id: 'ACTOR-PROFILE-depth',
    source: 'OAuth Actor Profile draft',
    text: 'A chain longer than the limit is an invalid request, so that a client does not ask for a new token in a loop.',
  },
  {
    id: 'BEHALF-depth-setting',
    source: 'Behalf',
    text: 'The limit is a setting; a chain that is too deep for any setting is malformed.',
  },
  {
    id: 'ACTOR-PROFILE-actor-issuer',
    source: 'OAuth Actor Profile draft',
    text: 'An actor without iss is one of the token issuer; where the setting asks for iss, a link without it is malformed.',
  },
  {
    id: 'ACTOR-PROFILE-actor-trust',
    source: 'OAuth Actor Profile draft',
    text: 'An actor of an issuer the token issuer may not speak for is refused; equal names under different issuers are different actors.',
  },
  {
    id: 'ACTOR-PROFILE-self',
    source: 'OAuth Actor Profile draft',
    text: 'An actor that is the subject itself expresses no delegation and is refused.',
  },
  {
    id: 'BEHALF-single-audience',
    source: 'Behalf, RFC 8707 section 2',
    text: 'A delegated token is meant for this resource alone.',
  },
  {
    id: 'BEHALF-actor-lists',
    source: 'Behalf',
    text: 'The settings actors and actorProfiles limit the current actor on every route; without a class an actor is in no class.',
  },
  {
    id: 'BEHALF-actor-code-points',
    source: 'Behalf, RFC 8725 section 3.7',
    text: 'Actors and subjects are compared code point by code point: no folding, trimming or normalisation.',
  },
  {
    id: 'BEHALF-chain-recorded',
    source: 'Behalf',
    text: 'The whole chain is on the verified token and in the audit event, newest first.',
  },
] as const satisfies readonly Requirement[]
