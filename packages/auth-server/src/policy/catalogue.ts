import { builtInResources } from './admin-permissions.js'
import type { Permission, PolicyDocument, ResourceEntry } from './document.js'

/** What a document declares, with what is built in. */
export interface Catalogue {
  permission(name: string): Permission | undefined
  resource(indicator: string): ResourceEntry | undefined
  /** Whether a role of the document has a permission. */
  roleHas(role: string, permission: string): boolean
  /** Whether a tool may use a permission; undefined is no tool at all. */
  toolMayUse(tool: string | undefined, permission: Permission): boolean
  /** Every tool that some permission names. */
  readonly tools: ReadonlySet<string>
  readonly permissions: ReadonlyMap<string, Permission>
}

export function createCatalogue(document: PolicyDocument, adminResource: string): Catalogue {
  const permissions = new Map(Object.entries(document.permissions))
  const resources = new Map(Object.entries(document.resources))
  for (const [resource, own] of builtInResources(adminResource)) {
    resources.set(resource, { name: own.name })
    for (const [name, permission] of Object.entries(own.permissions)) permissions.set(name, { ...permission, resource })
  }
  const roles = new Map(Object.entries(document.roles).map(([name, role]) => [name, new Set(role.permissions)]))
  const tools = new Set(Object.values(document.permissions).flatMap((permission) => permission.tools ?? []))
  return {
    permission: (name) => permissions.get(name),
    resource: (indicator) => resources.get(indicator),
    roleHas: (role, permission) => roles.get(role)?.has(permission) ?? false,
    toolMayUse: (tool, permission) => {
      if (tool === undefined) return permission.tools === undefined
      return permission.tools === undefined ? tools.has(tool) : permission.tools.includes(tool)
    },
    tools,
    permissions,
  }
}
