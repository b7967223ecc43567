import { cacheRows } from './growth-cache.js'
import { sizeRows } from './growth-size.js'
import type { Scale } from './scale.js'
import { formatCount, type Section } from './table.js'

export const growthSection: Section<Scale> = {
  id: 'growth',
  title: 'Growth',
  async measure({ growth }) {
    const rows = [...(await sizeRows(growth)), ...(await cacheRows(growth))]
    return {
      columns: ['what grows', 'size', 'distinct tokens', 'repeated tokens', 'memory', 'target', 'reached'],
      rows,
      notes: [
        'Cost of an `authorize()` call, relative to the same call at the smallest size, both timed in turns. EdDSA tokens, signed one by one.',
        'Distinct: without the token cache, so that every call verifies a signature. Repeated: found in the cache, presented as strings made anew.',
        `Tokens seen: a resource server whose cache holds ${formatCount(growth.cacheEntries)} tokens, after that many distinct tokens were really signed and verified, against one with a new cache. Memory: its heap after garbage collection.`,
        'A token with 1,000 scopes is a longer text, which any verifier has to read: its rows name the growth of the limit beside their own (bare `crypto.verify`; making the string).',
      ],
    }
  },
}
