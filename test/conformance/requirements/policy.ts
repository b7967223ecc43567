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
    text: 'The parts of a requirement are evaluated in a fixed order: delegation, actor, scope, subject, check.',
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
] as const satisfies readonly Requirement[]
