import type { Policy } from '../policy/policy-store.js'
import type { IssuedToken } from '../tokens/issued-token.js'
import type { Parameters } from './parameters.js'
import type { Presentation } from './presentation.js'
import { Refusal } from './refusal.js'

/** Scope values that are about the sign-in of a person and never about an API. */
const reserved: readonly string[] = ['openid', 'offline_access']

/** RFC 6749 section 3.3. */
const grammar = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/u

/** Permissions of one request. */
const maxNames = 50

/**
 * The permissions that are asked for; without `scope` those of the tool.
 *
 * @throws Refusal `invalid_scope` for what is no scope, and for none at all
 */
export function readScope(
  { document }: Pick<Policy, 'document'>,
  parameters: Parameters,
  resource: string,
  tool: string | undefined,
): readonly string[] {
  const text = parameters.text('scope')
  const names = text === undefined ? permissionsOf(document, resource, tool) : [...new Set(text.split(' '))]
  if (names.length === 0) throw new Refusal('invalid_scope', 'scope_missing', 'scope is required')
  if (names.length > maxNames || names.some((name) => !grammar.test(name) || reserved.includes(name))) {
    throw new Refusal('invalid_scope', 'scope_malformed', 'scope must be the names of permissions')
  }
  return names
}

function permissionsOf(document: Policy['document'], resource: string, tool: string | undefined): readonly string[] {
  return Object.entries(document.permissions)
    .filter(([, each]) => tool !== undefined && each.resource === resource && each.tools?.includes(tool) === true)
    .map(([name]) => name)
}

/**
 * Nothing is asked for that the subject token does not hold. For the API that was called with it, its permissions include those
 * downstream of them.
 *
 * @throws Refusal `invalid_scope`
 */
export function checkScope(
  policy: Pick<Policy, 'permission'>,
  names: readonly string[],
  { scope, kind }: IssuedToken,
  presentation: Presentation,
): void {
  const included = presentation === 'called' ? scope.flatMap((name) => policy.permission(name)?.downstream ?? []) : []
  const held = new Set([...scope, ...included])
  const beyond = names.filter((name) => !held.has(name))
  if (beyond.length === 0) return
  throw new Refusal('invalid_scope', 'above_subject_token', `subject_token does not hold ${beyond.join(' ')}`, {
    policy: 'subject_token',
    isEscalation: true,
    isOfPerson: kind === 'subject', // a person's sign-in was for less: asking them again would help
  })
}
