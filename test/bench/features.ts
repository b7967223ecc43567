import { featuresOfOneCall } from './features-once.js'
import { featuresOfEachCall } from './features-repeated.js'
import type { Scale } from './scale.js'
import { formatCount, type Section } from './table.js'

export const featuresSection: Section<Scale> = {
  id: 'features',
  title: 'Features, and routes without them',
  async measure({ features }) {
    const { tokens, calls, rounds } = features
    const once = await featuresOfOneCall(features)
    return {
      columns: ['tokens', 'what the route uses', 'µs per call', 'of a route without it', 'memory', 'target', 'reached'],
      rows: [...(await featuresOfEachCall(features)), ...once.rows],
      notes: [
        'Cost of a guard, as an adapter calls it, relative to that of a resource server without options and a route with a scope alone, both timed in turns. RS256 tokens.',
        `Repeated: ${formatCount(tokens)} tokens in turn, found in the token cache, presented as strings made anew; ${formatCount(calls)} calls a round, ${rounds} rounds. Distinct: so many tokens, each once in a round, so that every call verifies a signature.`,
        'Nothing, with options: DPoP with nonces, a header for client certificates, a replay store, status lists, introspection and security events are set, and the route and its tokens use none.',
        'Revocations: of every kind in turn, none of them of a token that is presented. Introspection: what the issuer said is remembered.',
        ...once.notes,
      ],
    }
  },
}
