import { Buffer } from 'node:buffer'
import Provider, {
  type Configuration,
  type Account as EngineAccount,
  errors,
  type KoaContextWithOIDC,
} from 'oidc-provider'
import { createCibaFeature } from '../approvals/ciba.js'
import { stranger } from '../approvals/ciba-request.js'
import type { Context } from '../context.js'
import { createDirectGrant } from '../exchange/direct-grant.js'
import { directGrant, tokenExchangeGrant } from '../exchange/names.js'
import { createTokenExchange } from '../exchange/token-exchange.js'
import { mayIntrospect, mayRevoke } from '../introspection/access.js'
import { renderError, renderSignedOut, renderSignOut } from '../pages/engine-pages.js'
import { createInteractionPolicy } from '../pages/interaction-policy.js'
import { createAdapters } from './adapter.js'
import { checkAssertionEnd } from './assertion.js'
import { metadataOf } from './metadata.js'
import { paths } from './paths.js'
import { checkRefresh } from './refresh.js'
import { createReplayDetection } from './replays.js'
import { describeResource } from './resources.js'
import { customizeToken } from './subject-token.js'

/** Seconds. */
const codeLifetime = 60
const interactionLifetime = 600
const idTokenLifetime = 600

/** Seconds by which a client's clock may be ahead of or behind this process: processes differ among themselves too. */
const clockTolerance = 30

/** Grants that judge the resource themselves. */
const ownGrants: readonly string[] = [tokenExchangeGrant, directGrant]

/** Sets up the protocol engine with the signing keys of this moment; new keys make a new engine, all state is in the database. */
export async function createEngine(context: Context): Promise<Provider> {
  const { settings, keys, secrets, clients } = context
  const privateKeys = await keys.privateKeys()
  const algorithm = privateKeys[0]?.alg === 'EdDSA' ? 'EdDSA' : 'ES256'
  const engine = new Provider(settings.issuer, {
    ...configurationOf(context, algorithm, await nonceSecret(context)),
    jwks: { keys: privateKeys.map((key) => ({ ...key })) },
    cookies: {
      keys: [await secrets.shared('cookies')],
      long: { signed: true, httpOnly: true, sameSite: 'lax' },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
  })
  const exchange = createTokenExchange(context)
  engine.registerGrantType(exchange.grantType, exchange.handler, [...exchange.parameters], [...exchange.repeatable])
  const direct = createDirectGrant(context)
  engine.registerGrantType(direct.grantType, direct.handler, [...direct.parameters], [...direct.repeatable])
  engine.Client.prototype.compareClientSecret = function compareSecret(secret: string) {
    return clients.isSecret(this.clientId, secret)
  }
  engine.ReplayDetection.unique = createReplayDetection(context)
  engine.on('server_error', (ctx, error) => {
    ctx.state.fault = error // so that the transaction is undone, and an outage is answered as one
  })
  return engine
}

function asAccount(subject: string): EngineAccount {
  return { accountId: subject, claims: async () => ({ sub: subject }) }
}

/** 32 bytes, from which the nonces of the engine's own grants are made; undefined where none is demanded. */
async function nonceSecret({ settings, secrets }: Context): Promise<Buffer | undefined> {
  if (settings.dpop.nonce === 'off') return undefined
  return Buffer.from(await secrets.shared('engine-dpop-nonce'), 'base64url')
}

function configurationOf(
  context: Context,
  algorithm: 'ES256' | 'EdDSA',
  dpopNonceSecret: Buffer | undefined,
): Configuration {
  const { settings, accounts } = context
  const { lifetimes } = settings
  return {
    adapter: createAdapters(context),
    clientAuthMethods: ['private_key_jwt', 'client_secret_basic', 'client_secret_post', 'none'],
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'],
      idTokenSigningAlgValues: [algorithm],
      introspectionSigningAlgValues: [algorithm],
      userinfoSigningAlgValues: [algorithm],
      dPoPSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519'],
    },
    assertJwtClientAuthClaimsAndHeader: async (_ctx, { exp }) => checkAssertionEnd(exp, context.now()),
    clientDefaults: {
      id_token_signed_response_alg: algorithm,
      introspection_signed_response_alg: algorithm,
      token_endpoint_auth_method: 'private_key_jwt',
    },
    responseTypes: ['code'],
    scopes: ['openid', 'offline_access'],
    claims: { openid: ['sub'], acr: null, auth_time: null, iss: null, sid: null },
    acrValues: ['urn:behalf:acr:password'],
    clockTolerance,
    discovery: metadataOf(context),
    findAccount: async ({ oidc }, subject) => {
      if (subject === stranger && oidc.route === 'backchannel_authentication') return asAccount(subject)
      const account = await accounts.find(subject)
      if (account?.status !== 'active') return undefined
      return asAccount(subject)
    },
    interactions: {
      policy: createInteractionPolicy(context),
      url: (_ctx, { uid }) => `${paths.interaction}/${uid}`,
    },
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    rotateRefreshToken: (ctx) => checkRefresh(context, ctx),
    pkce: { required: () => true },
    expiresWithSession: async () => false,
    formats: { customizers: { jwt: (ctx, token, parts) => customizeToken(context, ctx, token, parts) } },
    renderError,
    routes: {
      authorization: paths.authorization,
      token: paths.token,
      introspection: paths.introspection,
      revocation: paths.revocation,
      pushed_authorization_request: paths.pushed,
      backchannel_authentication: paths.ciba,
      jwks: paths.keys,
      userinfo: paths.userinfo,
      end_session: paths.endSession,
    },
    ttl: {
      AccessToken: lifetimes.subject,
      AuthorizationCode: codeLifetime,
      BackchannelAuthenticationRequest: lifetimes.approval,
      Grant: lifetimes.refresh,
      IdToken: idTokenLifetime,
      Interaction: interactionLifetime,
      RefreshToken: lifetimes.refresh,
      Session: lifetimes.session,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => mayIntrospect(context, client.clientId, token.jti),
      },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => mayRevoke(context, client.clientId, token),
      },
      jwtIntrospection: { enabled: true },
      richAuthorizationRequests: {
        enabled: false,
        authorizationDetailsForIntrospection: async (_ctx, token) => token.rar,
      },
      dPoP: {
        enabled: true,
        ...(dpopNonceSecret && { nonceSecret: dpopNonceSecret, requireNonce: ({ oidc }) => oidc.route === 'token' }),
      },
      ciba: { enabled: true, deliveryModes: ['poll'], ...createCibaFeature(context) },
      rpInitiatedLogout: { enabled: true, logoutSource: renderSignOut, postLogoutSuccessSource: renderSignedOut },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (_ctx, _client, oneOf) => oneOf ?? settings.issuer,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (ctx: KoaContextWithOIDC, resource: string, { clientId }) => {
          demandScope(ctx)
          const isExchange = ownGrants.includes(String(ctx.oidc.params?.grant_type))
          const described = await describeResource(context, resource, algorithm, { clientId, isExchange })
          if (described === undefined) throw new errors.InvalidTarget('resource is not known')
          return described
        },
      },
    },
  }
}

/**
 * A request that names no scope gets none, for there is no default (RFC 6749 section 3.3): said before anybody signs in for it.
 *
 * @throws InvalidScope
 */
function demandScope({ oidc }: KoaContextWithOIDC): void {
  const begins = oidc.route === 'authorization' || oidc.route === 'pushed_authorization_request'
  if (begins && !oidc.params?.scope) throw new errors.InvalidScope('no scope is asked for', '')
}
