import type { Requirement } from './requirement.js'

/** Is what is true of the caller enough for this route? */
export const policy = [
  {
    id: 'RFC6750-3.1-insufficient-scope',
    source: 'RFC 6750 section 3.1',
    text: 'A token that lacks a scope of the route is answered 403 insufficient_scope, naming every scope the route needs.',
  },
  {
    id: 'BEHALF-every-scope',
    source: 'Behalf',
    text: 'requireScope with several scopes asks for every one of them.',
  },
  {
    id: 'BEHALF-any-scope',
    source: 'Behalf',
    text: 'requireAnyScope asks for at least one of its scopes.',
  },
  {
    id: 'RFC6749-3.3-scope-exact',
    source: 'RFC 6749 section 3.3',
    text: 'Scopes are compared whole and with regard to case; only a space separates them.',
  },
  {
    id: 'BEHALF-delegation-required',
    source: 'Behalf',
    text: 'A route that demands delegation refuses a direct token, one that forbids it refuses a delegated token; both with 403.',
  },
  {
    id: 'BEHALF-actor-allowed',
    source: 'Behalf, RFC 8693 section 4.1',
    text: 'A route that names actors refuses every other current actor and every token without one.',
  },
  {
    id: 'BEHALF-actor-function',
    source: 'Behalf',
    text: 'Only true of an actor function allows the actor, and a token without one is never shown to it; one that throws or answers later is an internal error.',
  },
  {
    id: 'BEHALF-subject-owns',
    source: 'Behalf',
    text: 'A route that belongs to a subject refuses the token of every other one.',
  },
  {
    id: 'BEHALF-check',
    source: 'Behalf',
    text: 'Only true lets a check pass; every other answer is a refusal.',
  },
  {
    id: 'BEHALF-check-fails',
    source: 'Behalf',
    text: 'A check that throws, rejects or hangs is an internal error, never an open door.',
  },
  {
    id: 'AUTHZEN-6-evaluation',
    source: 'OpenID AuthZEN Authorization API 1.0 section 6',
    text: 'A policy decision point that is asked as a check allows with decision true alone, and false is a refusal.',
  },
  {
    id: 'AUTHZEN-6-unavailable',
    source: 'OpenID AuthZEN Authorization API 1.0 section 6',
    text: 'A policy decision point that gives no usable decision in time is 503 policy_unavailable with Retry-After, and no challenge; a function of the API that fails beside it is an internal error.',
  },
  {
    id: 'BEHALF-check-refuses',
    source: 'Behalf',
    text: 'An AccessError that a check throws is the answer.',
  },
  {
    id: 'BEHALF-requirement-function',
    source: 'Behalf',
    text: 'A requirement function is asked for each request, with the request of the framework, and may answer later.',
  },
  {
    id: 'BEHALF-requirement-function-fails',
    source: 'Behalf',
    text: 'A requirement function that throws, rejects, hangs or answers something else than a requirement is an internal error.',
  },
  {
    id: 'BEHALF-undefined-member',
    source: 'Behalf',
    text: 'A member of a requirement that is undefined, as a mistyped route parameter is, never switches a check off.',
  },
  {
    id: 'BEHALF-policy-order',
    source: 'Behalf',
    text: 'The parts of a requirement are evaluated in a fixed order: binding, delegation, actor, scope, details, subject, purpose, sign-in, check.',
  },
  {
    id: 'BEHALF-no-requirement',
    source: 'Behalf',
    text: 'protect() without a requirement asks for a good token and nothing else.',
  },
  {
    id: 'BEHALF-stacked-guards',
    source: 'Behalf',
    text: 'Guards that stack all have to allow; each decides and records its own requirement.',
  },
  {
    id: 'RFC9470-3-challenge',
    source: 'RFC 9470 section 3',
    text: 'A sign-in that is too weak or too long ago is answered 401 insufficient_user_authentication, with acr_values and max_age of the route in one challenge.',
  },
  {
    id: 'RFC9470-6.1-acr',
    source: 'RFC 9470 section 6.1, RFC 9068 section 2.2.1',
    text: 'acr is compared exactly with the accepted values; a token without it meets none.',
  },
  {
    id: 'RFC9470-6.1-age',
    source: 'RFC 9470 section 6.1, RFC 9068 section 2.2.1',
    text: 'auth_time is within max_age, clock tolerance included; one that is absent, in the future or no number is not.',
  },
  {
    id: 'RFC9396-2.2-record',
    source: 'RFC 9396 sections 2.2 and 9.1',
    text: 'A token whose details name a record is refused for another record, even when its scope fits.',
  },
  {
    id: 'RFC9396-2-one-element',
    source: 'RFC 9396 section 2',
    text: 'One element of authorization_details must cover all that is asked for; two that cover a part each do not.',
  },
  {
    id: 'RFC9396-2.2-locations',
    source: 'RFC 9396 section 2.2',
    text: 'An element that names locations counts at these alone: the identifier of the API, or its URL where it has one.',
  },
  {
    id: 'RFC9396-2.1-type',
    source: 'RFC 9396 section 2.1',
    text: 'An element of another type covers nothing; the type is compared exactly.',
  },
  {
    id: 'RFC9396-2-malformed',
    source: 'RFC 9396 section 2',
    text: 'An element that is not well-formed covers nothing; a good one beside it does.',
  },
  {
    id: 'BEHALF-details-function',
    source: 'Behalf',
    text: 'A function of the details decides with true alone, and sees those of this API alone.',
  },
  {
    id: 'BEHALF-purpose',
    source: 'Behalf',
    text: 'A token that was issued for another purpose or tool, or for none, is refused.',
  },
  {
    id: 'BEHALF-sender-constrained',
    source: 'Behalf, RFC 9700 section 2.2.1',
    text: 'A route that demands sender constraint refuses a bearer token and serves one whose possession is proven.',
  },
  {
    id: 'BEHALF-prior-actors',
    source: 'Behalf, RFC 8693 section 4.1',
    text: 'Prior actors are looked at only where that is configured, and then only to refuse: denied, repeated, or of another origin.',
  },
  {
    id: 'ACTOR-PROFILE-profiles',
    source: 'OAuth Actor Profile draft',
    text: 'Where actor profiles are listed, an actor of another profile, or of none, is refused; direct tokens are served.',
  },
] as const satisfies readonly Requirement[]
