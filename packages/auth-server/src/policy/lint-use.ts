import type { Catalogue } from './catalogue.js'
import { coverageOf, createCoverageIndex } from './coverage.js'
import type { PolicyDocument, Rule } from './document.js'
import type { Finding, PolicyFacts } from './lint.js'

/** A part of a name that usually stands for everything. */
const everything = /\*|(?:^|[._:/+-])(?:all|any|everything|full|root|superuser)(?:$|[._:/+-])/iu

/** Roles, permissions and resources that give nothing, or seem to give everything. */
export function lintUse(document: PolicyDocument, catalogue: Catalogue, facts: PolicyFacts): readonly Finding[] {
  return [
    ...unusableRoles(document, catalogue),
    ...unusedRoles(document, facts),
    ...unusedPermissions(document),
    ...unusedResources(document),
    ...stricterDownstream(document),
    ...Object.keys(document.permissions)
      .filter((name) => everything.test(name))
      .map((name): Finding => ({ code: 'wildcard_scope', row: `permissions.${name}`, text: 'it means itself alone' })),
  ]
}

function unusableRoles({ roles, rules }: PolicyDocument, catalogue: Catalogue): readonly Finding[] {
  const denies = createCoverageIndex(
    rules
      .map((rule, place) => ({ rule, place, coverage: coverageOf(rule.when, catalogue) }))
      .filter(({ rule }) => rule.effect === 'deny'),
  )
  const denyOf = (role: string, permission: string): Rule | undefined =>
    denies.firstCovering(coverageOf({ roles: [role], permissions: [permission] }, catalogue))?.rule
  return Object.entries(roles).flatMap(([name, { permissions }]): readonly Finding[] => {
    const row = `roles.${name}`
    if (permissions.length === 0) return [{ code: 'unusable_role', row, text: 'it has no permissions' }]
    const [deny, ...others] = permissions.map((permission) => denyOf(name, permission))
    if (deny === undefined || others.includes(undefined)) return []
    return [{ code: 'unusable_role', row, text: 'rules deny all of its permissions', other: `rules.${deny.id}` }]
  })
}

function unusedRoles({ roles }: PolicyDocument, { agents }: PolicyFacts): readonly Finding[] {
  if (agents === undefined) return []
  const used = new Set(agents.filter(({ status }) => status !== 'retired').flatMap((agent) => agent.roles))
  return Object.keys(roles)
    .filter((name) => !used.has(name))
    .map((name) => ({ code: 'unused_role', row: `roles.${name}`, text: 'no agent has it' }))
}

function unusedPermissions({ permissions, roles, rules }: PolicyDocument): readonly Finding[] {
  const allows = rules.filter(({ effect }) => effect === 'allow').map(({ when }) => when)
  if (allows.some((when) => when.permissions === undefined)) return []
  const given = new Set([
    ...Object.values(roles).flatMap((role) => role.permissions),
    ...allows.flatMap((when) => when.permissions ?? []),
  ])
  return Object.keys(permissions)
    .filter((name) => !given.has(name))
    .map((name) => ({ code: 'unused_permission', row: `permissions.${name}`, text: 'no role and no rule gives it' }))
}

function unusedResources({ permissions, resources }: PolicyDocument): readonly Finding[] {
  const used = new Set(Object.values(permissions).map(({ resource }) => resource))
  return Object.keys(resources)
    .filter((name) => !used.has(name))
    .map((name) => ({ code: 'unused_resource', row: `resources.${name}`, text: 'no permission belongs to it' }))
}

function stricterDownstream({ permissions }: PolicyDocument): readonly Finding[] {
  const limitOf = (name: string): number => permissions[name]?.maxAge ?? Number.POSITIVE_INFINITY
  return Object.entries(permissions).flatMap(([name, { downstream = [] }]): readonly Finding[] => {
    const stricter = downstream.find((other) => limitOf(other) < limitOf(name))
    if (stricter === undefined) return []
    const text = 'a permission downstream of it demands a fresher sign-in'
    return [
      { code: 'stricter_downstream', row: `permissions.${name}.downstream`, text, other: `permissions.${stricter}` },
    ]
  })
}
