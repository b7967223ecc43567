import type { ResourceEntry } from '../policy/document.js'
import type { Policy } from '../policy/policy-store.js'
import type { Parameters } from './parameters.js'
import { Refusal } from './refusal.js'

/** The API a token is for. */
export interface Target {
  readonly resource: string
  readonly entry: ResourceEntry
}

/**
 * The one API that is named by `resource` (RFC 8707) or `audience` (RFC 8693), which mean the same here.
 *
 * @throws Refusal `invalid_target` unless it is exactly one, and known
 */
export function requireTarget(policy: Pick<Policy, 'resource'>, parameters: Parameters): Target {
  const [resource, ...more] = new Set([...parameters.texts('resource'), ...parameters.texts('audience')])
  if (resource === undefined) throw new Refusal('invalid_target', 'resource_missing', 'resource is required')
  if (more.length > 0) throw new Refusal('invalid_target', 'resource_several', 'a token is for one resource alone')
  const entry = policy.resource(resource)
  if (entry === undefined) throw new Refusal('invalid_target', 'resource_unknown', 'the resource is not known')
  return { resource, entry }
}
