import type { Policy } from '../policy/policy-store.js'
import type { IssuedToken } from '../tokens/issued-token.js'
import { type Detail, readDetails } from './details.js'
import type { Findings } from './findings.js'
import type { Parameters } from './parameters.js'
import { Refusal } from './refusal.js'
import { readScope } from './scope.js'
import { requireTarget, type Target } from './target.js'
import { readTask } from './task.js'

/** Permissions of a request that are written down unread. */
const mostOutlined = 50

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

/** What a request says that it wants, before any of it is believed: so that the event of an early refusal says it too. */
export function outlineDemand(parameters: Parameters): Pick<Findings, 'resource' | 'requested' | 'tool'> {
  try {
    const [resource, ...more] = [...parameters.texts('resource'), ...parameters.texts('audience')]
    const scope = parameters.text('scope')?.split(' ', mostOutlined)
    const tool = parameters.text('tool')
    return {
      ...(resource === undefined || more.length > 0 ? {} : { resource: { aud: resource } }),
      ...(scope === undefined ? {} : { requested: { scope } }),
      ...(tool === undefined ? {} : { tool: { name: tool } }),
    }
  } catch (error) {
    if (error instanceof Refusal) return {}
    throw error
  }
}
