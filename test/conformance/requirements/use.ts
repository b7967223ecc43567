import type { Requirement } from './requirement.js'

/** What may be used once. */
export const use = [
  {
    id: 'BEHALF-single-use',
    source: 'Behalf',
    text: 'A token is good for one call of a route that demands single use: the second is refused.',
  },
  {
    id: 'BEHALF-single-use-route',
    source: 'Behalf',
    text: 'A token that was used up is still served where single use is not demanded.',
  },
  {
    id: 'BEHALF-single-use-last',
    source: 'Behalf',
    text: 'A request that is refused for something else does not use the token up.',
  },
  {
    id: 'BEHALF-single-use-stacked',
    source: 'Behalf',
    text: 'Guards that stack on one request use the token up once.',
  },
  {
    id: 'BEHALF-single-use-race',
    source: 'Behalf',
    text: 'Of calls at the same time exactly one is served.',
  },
  {
    id: 'RFC7519-4.1.7-token-id',
    source: 'RFC 7519 section 4.1.7',
    text: 'Tokens are told apart by issuer and jti, whatever else they say.',
  },
  {
    id: 'BEHALF-replay-store-fails',
    source: 'Behalf',
    text: 'A replay store that fails, hangs or answers nonsense is 503, never an open door; a route that does not ask it is served.',
  },
] as const satisfies readonly Requirement[]
