import type { Policy } from '../policy/policy-store.js'
import type { IssuedToken } from '../tokens/issued-token.js'
import { type Detail, readDetails } from './details.js'
import type { Findings } from './findings.js'
import type { Parameters } from './parameters.js'
import { readScope } from './scope.js'
import { requireTarget, type Target } from './target.js'
import { readTask } from './task.js'

/** What a client asks for, well-formed and in the words of the policy; whether it may have it is another matter. */
export interface Demand extends Target {
  readonly tool: string | undefined
  /** The task; undefined where nobody named one. */
  readonly task: string | undefined
  readonly scope: readonly string[]
  readonly details: readonly Detail[]
}

/**
 * Reads what is asked for.
 *
 * @throws Refusal
 */
export function readDemand(
  policy: Policy,
  parameters: Parameters,
  parent: IssuedToken | undefined,
  findings: Findings,
): Demand {
  const { resource, entry } = requireTarget(policy, parameters)
  findings.resource = { aud: resource }
  const task = readTask(parameters, parent)
  if (task !== undefined) findings.txn = task
  const tool = parameters.text('tool')
  const scope = readScope(policy, parameters, resource, tool)
  findings.requested = { scope }
  const details = readDetails(policy, parameters, resource)
  if (details.length > 0) findings.requested = { scope, details }
  return { resource, entry, tool, task, scope, details }
}
