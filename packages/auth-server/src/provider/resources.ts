import type { ResourceServer } from 'oidc-provider'
import type { Context } from '../context.js'
import { builtInResources } from '../policy/admin-permissions.js'

/**
 * An API that a person's own token can be for, in the engine's words; undefined where no one knows it, and for what an agent's
 * client asks of a person: it gets a token to exchange and nothing else.
 */
export async function describeResource(
  context: Context,
  resource: string,
  algorithm: 'ES256' | 'EdDSA',
  { clientId, isExchange }: { readonly clientId: string; readonly isExchange: boolean },
): Promise<ResourceServer | undefined> {
  const { policy, settings } = context
  if (!isExchange && !(await mayAskFor(context, clientId, resource))) return undefined
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

/**
 * Whether a client may have a person's own token for an API. A client of an agent may not: what the policy says of agents (rules,
 * grants, consent for each time, records, the actor in the token) is said at the exchange.
 */
export async function mayAskFor(
  { clients, settings }: Pick<Context, 'clients' | 'settings'>,
  clientId: string,
  resource: string,
): Promise<boolean> {
  return resource === settings.issuer || (await clients.find(clientId))?.agentId === null
}

type Document = Awaited<ReturnType<Context['policy']['current']>>['document']

/** The server itself takes tokens for every permission: they exist to be exchanged. */
function scopeOf(
  document: Document,
  resource: string,
  { issuer, adminResource }: Context['settings'],
): readonly string[] | undefined {
  const own = builtInResources(adminResource).get(resource)
  if (own !== undefined) return Object.keys(own.permissions)
  if (resource === issuer) return Object.keys(document.permissions)
  if (!Object.hasOwn(document.resources, resource)) return undefined
  return Object.entries(document.permissions)
    .filter(([, permission]) => permission.resource === resource)
    .map(([name]) => name)
}
