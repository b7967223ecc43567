import type { Granted } from './decision.js'

/** `tctx`: what a token is for, in the words of the catalogue and never of a caller (Transaction Tokens draft). */
export interface TransactionContext {
  readonly tool?: string
  readonly purpose?: string
}

/** The tool, which the policy allowed, and the purpose that every permission has; undefined where there is neither. */
export function describeTask(
  permissions: readonly Granted[],
  tool: string | undefined,
): TransactionContext | undefined {
  const [purpose, ...others] = new Set(permissions.map((permission) => permission.purpose))
  const shared = others.length === 0 ? purpose : undefined
  if (tool === undefined && shared === undefined) return undefined
  return { ...(tool === undefined ? {} : { tool }), ...(shared === undefined ? {} : { purpose: shared }) }
}
