import { adminPermissions, auditPermissions, builtInResources, isBuiltIn } from './admin-permissions.js'
import type { Condition, PolicyDocument } from './document.js'

/** Scope values with a meaning of their own (OpenID Connect Core section 3.1.2.1, 11). */
const protocolScopes: readonly string[] = ['openid', 'offline_access']

/** Every name that refers to nothing, is built in, or is given twice: one sentence each. */
export function findReferenceProblems(document: PolicyDocument, adminResource: string): readonly string[] {
  return [
    ...builtIn(document, adminResource),
    ...Object.entries(document.permissions)
      .filter(([, { resource }]) => !Object.hasOwn(document.resources, resource))
      .map(([name]) => `permissions.${name}.resource: no such resource`),
    ...Object.entries(document.permissions).flatMap(([name, { downstream = [] }]) =>
      unknownPermissions(document, downstream).map(
        (unknown) => `permissions.${name}.downstream: no permission ${unknown}`,
      ),
    ),
    ...Object.entries(document.roles).flatMap(([name, { permissions }]) =>
      unknownPermissions(document, permissions).map((unknown) => `roles.${name}.permissions: no permission ${unknown}`),
    ),
    ...repeatedIds(document).map((id) => `rules.${id}: there is another rule of this id`),
    ...document.rules.flatMap(({ id, when }) =>
      unknownOfCondition(document, when, adminResource).map((problem) => `rules.${id}.when.${problem}`),
    ),
  ]
}

/** Those of some names that are no permission, neither of the document nor built in. */
export function unknownPermissions(
  { permissions }: Pick<PolicyDocument, 'permissions'>,
  names: readonly string[],
): readonly string[] {
  return names.filter((name) => !Object.hasOwn(permissions, name) && !isBuiltIn(name))
}

function builtIn({ permissions, resources }: PolicyDocument, adminResource: string): readonly string[] {
  const reserved = [...Object.keys(adminPermissions), ...Object.keys(auditPermissions), ...protocolScopes]
  return [
    ...reserved.filter((name) => Object.hasOwn(permissions, name)).map((name) => `permissions.${name}: is built in`),
    ...[...builtInResources(adminResource).keys()]
      .filter((resource) => Object.hasOwn(resources, resource))
      .map((resource) => `resources.${resource}: is built in`),
  ]
}

function repeatedIds({ rules }: PolicyDocument): readonly string[] {
  const seen = new Set<string>()
  return rules.map(({ id }) => id).filter((id) => seen.size === seen.add(id).size)
}

function unknownOfCondition(document: PolicyDocument, when: Condition, adminResource: string): readonly string[] {
  const { permissions = [], roles = [], resources = [] } = when
  return [
    ...unknownPermissions(document, permissions).map((name) => `permissions: no permission ${name}`),
    ...roles.filter((name) => !Object.hasOwn(document.roles, name)).map((name) => `roles: no role ${name}`),
    ...resources
      .filter((name) => !builtInResources(adminResource).has(name) && !Object.hasOwn(document.resources, name))
      .map((name) => `resources: no resource ${name}`),
  ]
}
