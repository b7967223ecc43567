import type { ChainEnd } from './chain.js'

/** Reads which chain's end an event of type `audit.chain_started` names. */
export function previousEnd(text: string): ChainEnd | undefined {
  try {
    const { type, detail } = JSON.parse(text) as Link // an object: every row has one, and members are looked at below
    const { chain, seq, hash } = (type === 'audit.chain_started' && detail?.previous) || {}
    const isEnd = typeof chain === 'string' && typeof seq === 'number' && typeof hash === 'string'
    return isEnd ? { chain, seq, hash } : undefined
  } catch {
    return undefined
  }
}

interface Link {
  readonly type?: unknown
  readonly detail?: {
    readonly previous?: { readonly chain?: unknown; readonly seq?: unknown; readonly hash?: unknown }
  }
}
