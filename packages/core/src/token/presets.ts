import type { JsonObject } from '../jws/compact.js'
import { draftNames } from './names.js'
import { type ClaimProfile, rfc9068 } from './profile.js'

// Access tokens as large issuers write them, each after the issuer's own documentation, which is named by its title.
// What is given to a preset overrides single members, as it does in `rfc9068`.

/**
 * Auth0, in both token profiles ("Access Token Profiles"). The Auth0 profile says `typ: JWT`, names the client `azp` and
 * has no `jti`; the RFC 9068 profile is what its name says. An access token names an API as its audience and its client
 * beside it; an ID token ("ID Token Structure") is for the client itself. The audience `/userinfo`, which comes with the
 * scope `openid`, is a page of the issuer's own and does not count as another API.
 *
 * Without `jti` there is no `singleUse`: choose the RFC 9068 profile for that. The claim `permissions` holds what the
 * user may do, whatever was granted to this client: it is not taken for scopes.
 */
export function auth0(overrides: Partial<ClaimProfile> = {}): ClaimProfile {
  return rfc9068({
    name: 'auth0',
    types: ['at+jwt', 'jwt'],
    clientClaims: ['client_id', 'azp'],
    tokenIdRequired: false,
    audience: ({ aud, iss }) => (Array.isArray(aud) ? aud.filter((api) => api !== `${String(iss)}userinfo`) : aud),
    isAccessToken(claims) {
      const client = claims.client_id ?? claims.azp
      return isText(client) && !listOf(claims.aud).includes(client) && !isIdToken(claims)
    },
    ...overrides,
  })
}

/**
 * Keycloak ("Server Administration Guide", OIDC clients). The header says `typ: JWT` unless the client is set to
 * `at+jwt`; every kind of token has its own claim `typ` besides, `Bearer` or `DPoP` for access tokens, `ID` for ID
 * tokens, `Refresh`, `Offline`, `Logout` for others. The client is `azp`. The audience needs an audience mapper: without
 * one tokens are for `account` at most, and are refused.
 */
export function keycloak(overrides: Partial<ClaimProfile> = {}): ClaimProfile {
  return rfc9068({
    name: 'keycloak',
    types: ['at+jwt', 'jwt'],
    clientClaims: ['azp', 'client_id'],
    isAccessToken: ({ typ }) => typ === 'Bearer' || typ === 'DPoP',
    ...overrides,
  })
}

/**
 * Microsoft Entra ID, v1.0 and v2.0 tokens ("Access token claims reference"). The client is `azp` in v2.0 and `appid` in
 * v1.0; each comes with a claim on how it authenticated, `azpacr` or `appidacr`, and neither is part of an ID token ("ID
 * token claims reference"). Scopes are `scp`; in the token of an app without a user they are its `roles`. The roles of a
 * user are no scopes. The token identifier is `uti`.
 *
 * Trust one tenant per entry: v2.0 tokens are issued by `https://login.microsoftonline.com/{tenant}/v2.0`, v1.0 tokens
 * by `https://sts.windows.net/{tenant}/`. The audience is the client ID of the API in v2.0, and may be its application
 * ID URI in v1.0. `sub` is another one for each API; `entra({ subjectClaims: ['oid'] })` takes the directory's own.
 *
 * Agent identities ("Token claims reference for agents") have no `act`: they say with facets who acts. An agent that
 * calls for a user, or through its own user account, becomes the actor `azp` (or `appid`) with the profile `ai_agent`;
 * one that calls for itself makes a direct token. Tell an agent's own account (facet 13 of `xms_sub_fct`) from a person
 * with a `check` where that matters.
 */
export function entra(overrides: Partial<ClaimProfile> = {}): ClaimProfile {
  return rfc9068({
    name: 'entra',
    types: ['jwt'],
    scopeClaims: ['scp'],
    scopeArrays: true,
    scopes: ({ idtyp, scp, roles }) => (isGranted(scp) ? scp : idtyp === 'user' ? undefined : roles),
    clientClaims: ['azp', 'appid'],
    tokenIdClaims: ['uti', 'jti'],
    tokenIdRequired: false,
    actor: findEntraAgent,
    isAccessToken(claims) {
      const { ver, azp, azpacr, appid, appidacr } = claims
      const isVersion1 = ver === '1.0' && isText(appid) && isText(appidacr)
      const isVersion2 = ver === '2.0' && isText(azp) && isText(azpacr)
      return (isVersion1 || isVersion2) && !isIdToken(claims)
    },
    ...overrides,
  })
}

/**
 * Okta, custom authorization servers ("OpenID Connect & OAuth 2.0 API", access token claims). The header has no `typ`.
 * Scopes are the list `scp`, the client is `cid`: access tokens alone have them. ID tokens have an identifier that
 * begins with `ID.`, and are for the client. Tokens of the org authorization server are for Okta itself; their keys are
 * not for others.
 *
 * `sub` is the login name of a user, which can change: `okta({ subjectClaims: ['uid', 'sub'] })` takes the identifier
 * that cannot.
 */
export function okta(overrides: Partial<ClaimProfile> = {}): ClaimProfile {
  return rfc9068({
    name: 'okta',
    typeRequired: false,
    scopeClaims: ['scp', 'scope'],
    scopeArrays: true,
    clientClaims: ['cid', 'client_id'],
    isAccessToken(claims) {
      const { cid, scp, jti } = claims
      return isText(cid) && Array.isArray(scp) && isText(jti) && !jti.startsWith('ID.') && !isIdToken(claims)
    },
    ...overrides,
  })
}

/**
 * Amazon Cognito user pools ("Understanding the access token"). The header has no `typ`; `token_use` is `access`, or
 * `id` in an ID token. There is an `aud` only for clients that ask for one ("Resource binding"). Without it a token is
 * meant for the resource servers whose scopes it has: a custom scope is written as the identifier of its resource
 * server, a slash and a name ("Scopes, M2M, and resource servers"). Set `audience` to that identifier. Routes ask for
 * the scope as it is in the token, `billing/read`.
 *
 * An API that goes by app clients instead takes `cognito({ audience: ({ client_id }) => client_id })`, and the client's
 * identifier as its `audience`.
 */
export function cognito(overrides: Partial<ClaimProfile> = {}): ClaimProfile {
  return rfc9068({
    name: 'cognito',
    typeRequired: false,
    audience: ({ aud, scope }) => aud ?? findResourceServers(scope),
    isAccessToken: (claims) => claims.token_use === 'access' && !isIdToken(claims),
    ...overrides,
  })
}

/** A facet of Microsoft Entra: what an actor (`xms_act_fct`) or a subject (`xms_sub_fct`) can be. */
const agentIdentity = '11'

/** The actor of a Microsoft Entra token: an agent identity that calls for a user. For itself it needs no actor. */
function findEntraAgent(claims: JsonObject): unknown {
  const { idtyp, scp, xms_act_fct: actor, xms_sub_fct: subject, xms_par_app_azp: blueprint } = claims
  const isAgent = blueprint !== undefined || hasFacet(actor, agentIdentity)
  const isForUser = idtyp === 'user' || (idtyp === undefined && isGranted(scp))
  if (!isAgent || !isForUser || hasFacet(subject, agentIdentity)) return undefined
  return { sub: claims.azp ?? claims.appid, [draftNames.subjectProfile]: 'ai_agent' }
}

/** Whether `scp` names scopes: for an agent without a user it is a slash. */
function isGranted(scp: unknown): boolean {
  return scp !== undefined && scp !== '' && scp !== '/'
}

/** Facets are numbers in a text, in any order; those that mean nothing here are ignored. */
function hasFacet(facets: unknown, facet: string): boolean {
  return typeof facets === 'string' && facets.split(' ').includes(facet)
}

/** The resource servers of custom scopes; undefined when there is none. */
function findResourceServers(scope: unknown): readonly string[] | undefined {
  const scopes = typeof scope === 'string' ? scope.split(' ').filter((name) => name.lastIndexOf('/') > 0) : []
  const servers = scopes.map((name) => name.slice(0, name.lastIndexOf('/')))
  return servers.length === 0 ? undefined : [...new Set(servers)]
}

/** Claims that only ID tokens have (OpenID Connect Core section 2, 3.1.3.6 and 3.3.2.11). */
function isIdToken(claims: JsonObject): boolean {
  return ['nonce', 'at_hash', 'c_hash', 's_hash'].some((name) => Object.hasOwn(claims, name))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
