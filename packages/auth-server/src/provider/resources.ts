import type { ResourceServer } from 'oidc-provider'
import type { Context } from '../context.js'
import { adminPermissions } from '../policy/admin-permissions.js'

/** An API that a person's own token can be for, in the engine's words; undefined where no one knows it. */
export async function describeResource(
  { policy, settings }: Context,
  resource: string,
  algorithm: 'ES256' | 'EdDSA',
): Promise<ResourceServer | undefined> {
  const scope = scopeOf(await policy.current().then(({ document }) => document), resource, settings)
  if (scope === undefined) return undefined
  return {
    scope: scope.join(' '),
    audience: resource,
    accessTokenFormat: 'jwt',
    accessTokenTTL: settings.lifetimes.subject,
    jwt: { sign: { alg: algorithm } },
  }
}

type Document = Awaited<ReturnType<Context['policy']['current']>>['document']

/** The server itself takes tokens for every permission: they exist to be exchanged. */
function scopeOf(
  document: Document,
  resource: string,
  { issuer, adminResource }: Context['settings'],
): readonly string[] | undefined {
  if (resource === adminResource) return Object.keys(adminPermissions)
  if (resource === issuer) return Object.keys(document.permissions)
  if (!Object.hasOwn(document.resources, resource)) return undefined
  return Object.entries(document.permissions)
    .filter(([, permission]) => permission.resource === resource)
    .map(([name]) => name)
}
