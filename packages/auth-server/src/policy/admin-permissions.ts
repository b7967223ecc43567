import type { Permission } from './document.js'

/** A permission of one of the server's own APIs. */
type BuiltInPermission = Omit<Permission, 'resource'>

/** Permissions of the admin API, `<issuer>/admin`. Built into every policy: roles and accounts name them like any other, and no document can change them. */
export const adminPermissions: Readonly<Record<string, BuiltInPermission>> = {
  'admin:read': { words: 'See agents, clients, accounts and the policy', risk: 'medium', consent: 'once' },
  'admin:write': { words: 'Change agents, clients, accounts and the policy', risk: 'high', consent: 'each_time' },
  'admin:approve': { words: 'Approve what agents ask for', risk: 'high', consent: 'each_time' },
  'admin:revoke': { words: 'Withdraw tokens, grants and consents', risk: 'high', consent: 'each_time' },
  'admin:audit': { words: 'Read the audit trail', risk: 'medium', consent: 'once' },
}

/** Permissions of the trail, `<issuer>/audit`, for APIs that send what they decided. Built into every policy too. */
export const auditPermissions: Readonly<Record<string, BuiltInPermission>> = {
  'audit:write': { words: 'Add what an API decided to the audit trail', risk: 'medium', consent: 'each_time' },
}

/** The server's own APIs, by resource indicator. */
export function builtInResources(adminResource: string): ReadonlyMap<string, BuiltInResource> {
  return new Map([
    [adminResource, { name: 'Auth server', permissions: adminPermissions }],
    [auditResourceOf(adminResource), { name: 'Audit trail', permissions: auditPermissions }],
  ])
}

/** Whether a permission is built in. */
export function isBuiltIn(permission: string): boolean {
  return Object.hasOwn(adminPermissions, permission) || Object.hasOwn(auditPermissions, permission)
}

interface BuiltInResource {
  readonly name: string
  readonly permissions: Readonly<Record<string, BuiltInPermission>>
}

/** Both are below the issuer's URL. */
function auditResourceOf(adminResource: string): string {
  return adminResource.replace(/\/admin$/u, '/audit')
}
