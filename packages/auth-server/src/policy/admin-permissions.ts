import type { Permission } from './document.js'

/** A permission of the server's own admin API, whose resource indicator is `<issuer>/admin`. */
type AdminPermission = Omit<Permission, 'resource'>

/** Built into every policy: roles and accounts name them like any other, and no document can change them. */
export const adminPermissions: Readonly<Record<string, AdminPermission>> = {
  'admin:read': { words: 'See agents, clients, accounts and the policy', risk: 'medium', consent: 'once' },
  'admin:write': { words: 'Change agents, clients, accounts and the policy', risk: 'high', consent: 'each_time' },
  'admin:approve': { words: 'Approve what agents ask for', risk: 'high', consent: 'each_time' },
  'admin:revoke': { words: 'Withdraw tokens, grants and consents', risk: 'high', consent: 'each_time' },
  'admin:audit': { words: 'Read the audit trail', risk: 'medium', consent: 'once' },
}
