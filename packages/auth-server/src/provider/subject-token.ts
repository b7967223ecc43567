import type { AccessToken, ClientCredentials, KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Context } from '../context.js'
import { mayAskFor } from './resources.js'

interface TokenParts {
  header?: Record<string, unknown> | undefined
  payload: Record<string, unknown>
}

/**
 * Gives a person's own token, which the engine signs, the claims of this server and its record:
 * so that it can be exchanged, introspected, withdrawn, and everything made from it with it.
 */
export async function customizeToken(
  { tokens, accounts, audit, clients, now, settings }: Context,
  ctx: KoaContextWithOIDC | undefined,
  token: AccessToken | ClientCredentials,
  parts: TokenParts,
): Promise<void> {
  if (token.kind !== 'AccessToken' || !('accountId' in token) || token.clientId === undefined) {
    throw new Error('the engine signs tokens of people alone')
  }
  const account = await accounts.find(token.accountId)
  if (account?.status !== 'active') throw new errors.InvalidGrant('the account is not active')
  const scope = [...token.scopes].filter((name) => name !== '') // where there is none, the engine says there is an empty one
  const lacking = scope.filter((name) => !account.permissions.includes(name))
  if (lacking.length > 0) throw new errors.InvalidScope('the account does not have it', lacking.join(' '))

  const login = loginOf(ctx)
  const resource = String(token.aud)
  if (!(await mayAskFor({ clients, settings }, token.clientId, resource))) {
    throw new errors.InvalidTarget('an agent gets no token of a person for an API')
  }
  const client = await clients.find(token.clientId)
  const record = await tokens.register({
    parentId: null,
    kind: 'subject',
    subject: token.accountId,
    agentId: client?.agentId ?? null,
    clientId: token.clientId,
    resource,
    scope,
    transaction: null,
    sessionId: token.sessionUid ?? null,
    grantId: null,
    protocolGrantId: token.grantId ?? null,
    consents: [],
    expiresAt: Number(parts.payload.exp ?? now() + settings.lifetimes.subject),
    claims: {
      sub_profile: 'user',
      ...login,
      ...(token.sessionUid === undefined ? {} : { sid: token.sessionUid }),
      ...(token.jkt === undefined ? {} : { cnf: { jkt: token.jkt } }),
    },
  })
  Object.assign(parts.payload, record.claims)
  await audit.record({
    type: 'access.issued',
    decision: 'allow',
    subject: { id: token.accountId, iss: settings.issuer, profile: 'user' },
    client: { id: token.clientId },
    mode: 'direct',
    token: { jti: record.tokenId, iat: record.issuedAt, exp: record.expiresAt },
    granted: { scope },
    resource: { aud: record.resource },
  })
}

/** When and how the person signed in, from whatever the token is issued for. */
function loginOf(ctx: KoaContextWithOIDC | undefined): Record<string, unknown> {
  const { AuthorizationCode, RefreshToken, BackchannelAuthenticationRequest } = ctx?.oidc.entities ?? {}
  const source = AuthorizationCode ?? RefreshToken ?? BackchannelAuthenticationRequest
  if (source === undefined) return {}
  const { authTime, acr, amr } = source
  return {
    ...(authTime === undefined ? {} : { auth_time: authTime }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
  }
}
