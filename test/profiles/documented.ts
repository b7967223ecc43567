import type { ClaimProfile, VerifiedToken } from '@behalf/core'
import { auth0, cognito, entra, keycloak, okta } from '../../packages/core/dist/token/presets.js'
import { type Json, NOW } from '../support/token.js'

/** A token as an issuer writes it. */
export interface Written {
  readonly header: Json
  readonly claims: Json
}

/** What a good token turns out to be. */
export type Expected = Partial<
  Pick<
    VerifiedToken,
    'subject' | 'clientId' | 'scopes' | 'tokenId' | 'mode' | 'audience' | 'delegation' | 'issuedAt' | 'expiresAt'
  >
>

export interface Accepted extends Written {
  readonly expected: Expected
}

export interface Refused extends Written {
  readonly code: string
  /** The accepted token that it is like, all but for what makes it wrong. */
  readonly twin: string
}

/** One issuer: what its documentation shows, and what looks like it but must not pass. */
export interface DocumentedIssuer {
  readonly profile: ClaimProfile
  readonly issuer: string
  readonly audience: string
  readonly accepted: Readonly<Record<string, Accepted>>
  readonly refused: Readonly<Record<string, Refused>>
}

const times = { iat: NOW - 10, exp: NOW + 3590 }
const rs256 = { alg: 'RS256', kid: 'rs256' }
const jwt = { ...rs256, typ: 'JWT' }
const atJwt = { ...rs256, typ: 'at+jwt' }

const without = (claims: Json, ...names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))

/** "Access Token Profiles" and "ID Token Structure". */
const auth0Issuer = 'https://my-domain.auth0.com/'
const auth0Api = 'https://example.com/health-api'
const auth0User: Json = {
  iss: auth0Issuer,
  sub: 'auth0|123456',
  aud: [auth0Api, `${auth0Issuer}userinfo`],
  azp: 'my_client_id',
  ...times,
  scope: 'openid profile read:patients read:admin',
  permissions: ['delete:patients'],
  'https://example.com/my_custom_claim': 'my_custom_value',
}
const auth0Rfc9068: Json = {
  ...without(auth0User, 'azp'),
  client_id: 'my_client_id',
  jti: '73WakrfVbNJBaAmhQtEeDv',
}
const auth0IdToken: Json = {
  iss: auth0Issuer,
  sub: 'auth0|123456',
  aud: 'my_client_id',
  ...times,
  name: 'Jane Doe',
  email: 'janedoe@example.com',
}
const auth0Scopes = ['openid', 'profile', 'read:patients', 'read:admin']
const auth0Cases: DocumentedIssuer = {
  profile: auth0(),
  issuer: auth0Issuer,
  audience: auth0Api,
  accepted: {
    'the Auth0 profile': {
      header: jwt,
      claims: auth0User,
      expected: {
        subject: 'auth0|123456',
        clientId: 'my_client_id',
        scopes: auth0Scopes,
        tokenId: undefined,
        mode: 'direct',
        audience: [auth0Api],
      },
    },
    'the RFC 9068 profile': {
      header: atJwt,
      claims: auth0Rfc9068,
      expected: { clientId: 'my_client_id', scopes: auth0Scopes, tokenId: '73WakrfVbNJBaAmhQtEeDv' },
    },
    'a machine': {
      header: jwt,
      claims: {
        iss: auth0Issuer,
        sub: 'my_client_id@clients',
        aud: auth0Api,
        azp: 'my_client_id',
        ...times,
        gty: 'client-credentials',
      },
      expected: { subject: 'my_client_id@clients', clientId: 'my_client_id', scopes: [], audience: [auth0Api] },
    },
    'a custom token exchange with an actor': {
      header: jwt,
      claims: { ...auth0User, act: { sub: 'agent|support' } },
      expected: { mode: 'delegated', delegation: [{ subject: 'agent|support', issuer: auth0Issuer }] },
    },
  },
  refused: {
    'an ID token': { header: jwt, claims: auth0IdToken, code: 'token_type_rejected', twin: 'the Auth0 profile' },
    'an ID token with an authorized party': {
      header: jwt,
      claims: { ...auth0IdToken, aud: ['my_client_id', auth0Api], azp: 'my_client_id' },
      code: 'token_type_rejected',
      twin: 'the Auth0 profile',
    },
    'an ID token with a nonce': {
      header: jwt,
      claims: { ...auth0User, nonce: 'n-0S6_WzA2Mj' },
      code: 'token_type_rejected',
      twin: 'the Auth0 profile',
    },
    'a token without a client': {
      header: jwt,
      claims: without(auth0User, 'azp'),
      code: 'token_type_rejected',
      twin: 'the Auth0 profile',
    },
    'a token of another API': {
      header: jwt,
      claims: { ...auth0User, aud: ['https://example.com/other-api', `${auth0Issuer}userinfo`] },
      code: 'audience_mismatch',
      twin: 'the Auth0 profile',
    },
    'a delegated token of two APIs': {
      header: jwt,
      claims: { ...auth0User, aud: [auth0Api, 'https://example.com/other-api'], act: { sub: 'agent|support' } },
      code: 'audience_mismatch',
      twin: 'a custom token exchange with an actor',
    },
    'a token without typ': { header: rs256, claims: auth0User, code: 'token_type_rejected', twin: 'the Auth0 profile' },
  },
}

/** "Server Administration Guide", OIDC clients; the header setting is "Use "at+jwt" as access token header type". */
const realm = 'https://keycloak.example.com/realms/demo'
const keycloakUser: Json = {
  ...times,
  auth_time: NOW - 60,
  jti: 'onrtac:5d2a1c4e-9d1e-4b0e-8f43-0f3d8a3f5b2c',
  iss: realm,
  aud: ['billing-api', 'account'],
  sub: '7c3e4a0e-6d3b-4c57-9a7e-0f1b2c3d4e5f',
  typ: 'Bearer',
  azp: 'web-app',
  sid: 'c5f6a7b8-1d2e-4f3a-9b8c-7d6e5f4a3b2c',
  acr: '1',
  'allowed-origins': ['https://app.example.com'],
  realm_access: { roles: ['offline_access', 'uma_authorization'] },
  resource_access: { account: { roles: ['manage-account', 'view-profile'] } },
  scope: 'openid email profile billing:read',
  email_verified: true,
  preferred_username: 'jane',
}
const keycloakIdToken: Json = {
  ...without(keycloakUser, 'scope', 'realm_access', 'resource_access', 'allowed-origins'),
  aud: 'web-app',
  typ: 'ID',
  at_hash: 'MTIzNDU2Nzg5MDEyMzQ1Ng',
}
const keycloakCases: DocumentedIssuer = {
  profile: keycloak(),
  issuer: realm,
  audience: 'billing-api',
  accepted: {
    'a user': {
      header: jwt,
      claims: keycloakUser,
      expected: {
        subject: '7c3e4a0e-6d3b-4c57-9a7e-0f1b2c3d4e5f',
        clientId: 'web-app',
        scopes: ['openid', 'email', 'profile', 'billing:read'],
        tokenId: 'onrtac:5d2a1c4e-9d1e-4b0e-8f43-0f3d8a3f5b2c',
        mode: 'direct',
      },
    },
    'a user, header at+jwt': { header: atJwt, claims: keycloakUser, expected: { clientId: 'web-app' } },
    'a service account': {
      header: jwt,
      claims: {
        ...without(keycloakUser, 'sid', 'auth_time'),
        aud: 'billing-api',
        azp: 'batch',
        client_id: 'batch',
        clientHost: '192.0.2.7',
        clientAddress: '192.0.2.7',
        preferred_username: 'service-account-batch',
      },
      expected: { clientId: 'batch', audience: ['billing-api'] },
    },
    'a delegated token': {
      header: jwt,
      claims: { ...keycloakUser, aud: 'billing-api', act: { sub: 'agent-support' } },
      expected: { mode: 'delegated', delegation: [{ subject: 'agent-support', issuer: realm }] },
    },
  },
  refused: {
    'an ID token': { header: jwt, claims: keycloakIdToken, code: 'token_type_rejected', twin: 'a user' },
    'an ID token for a client named like the API': {
      header: jwt,
      claims: { ...keycloakIdToken, aud: 'billing-api' },
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a refresh token': {
      header: jwt,
      claims: { ...keycloakUser, typ: 'Refresh' },
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'an offline token': {
      header: jwt,
      claims: { ...keycloakUser, typ: 'Offline' },
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a logout token': {
      header: { ...rs256, typ: 'logout+jwt' },
      claims: { ...keycloakUser, typ: 'Logout' },
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a token without its kind': {
      header: jwt,
      claims: without(keycloakUser, 'typ'),
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a token of another API': {
      header: jwt,
      claims: { ...keycloakUser, aud: ['orders-api', 'account'] },
      code: 'audience_mismatch',
      twin: 'a user',
    },
    'a token that no audience mapper touched': {
      header: jwt,
      claims: { ...keycloakUser, aud: 'account' },
      code: 'audience_mismatch',
      twin: 'a user',
    },
    'a DPoP-bound token': {
      header: jwt,
      claims: { ...keycloakUser, typ: 'DPoP', cnf: { jkt: 'A'.repeat(42) } },
      code: 'binding_unsupported',
      twin: 'a user',
    },
  },
}

/** "Access token claims reference" and "ID token claims reference". */
const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47'
const entraApi = '6e74172b-be56-4843-9ff4-e66a39bb12e3'
const entraClient = '1fec8e78-bce4-4aaf-ab1b-5451cc387264'
const entraUserV2: Json = {
  aud: entraApi,
  iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
  ...times,
  nbf: NOW - 10,
  aio: 'AXQAi/8IAAAAtAaZ',
  azp: entraClient,
  azpacr: '1',
  name: 'Abe Lincoln',
  oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  preferred_username: 'abeli@microsoft.com',
  rh: 'I',
  roles: ['Invoices.Admin'],
  scp: 'Invoices.Read Invoices.Write',
  sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
  tid: tenant,
  uti: 'fqiBqXLPj0eQa82S-IYFAA',
  ver: '2.0',
}
const entraIdToken: Json = {
  ver: '2.0',
  iss: entraUserV2.iss,
  sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
  aud: entraApi,
  ...times,
  nbf: NOW - 10,
  name: 'Abe Lincoln',
  preferred_username: 'abeli@microsoft.com',
  oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  roles: ['Invoices.Admin'],
  tid: tenant,
  uti: 'fqiBqXLPj0eQa82S-IYFAB',
  nonce: '123523',
  aio: 'Df2UVXL1ix!lMCWMSOJBcFatzcGfvFGhjKv8q5g0x732dR5MB5BisvGQO7YWByjd8iQDLq!eGbIDakyp5mnOrcdqHeYSnltepQmRp6AIZ8jY',
}
const entraDaemonV2: Json = {
  ...without(entraUserV2, 'scp', 'name', 'preferred_username'),
  idtyp: 'app',
  oid: 'a7b8c9d0-1111-2222-3333-444455556666',
  sub: 'a7b8c9d0-1111-2222-3333-444455556666',
  roles: ['Invoices.Read.All'],
}
/** "Token claims reference for agents": on behalf of a person, alone, and through the agent's own user account. */
const agentForUser: Json = {
  ...entraUserV2,
  azp: 'aaaaaaaa-1111-2222-3333-444444444444',
  azpacr: '2',
  idtyp: 'user',
  xms_act_fct: '3 9 11',
  xms_ftd: 'Z5DrW4HFOkR_Lz0M5qETa260d2-fO6seMZJ_tOwRNuc',
  xms_idrel: '1 10',
  xms_sub_fct: '3 9',
  xms_tnt_fct: '3 9',
  xms_par_app_azp: '30cf4c22-9985-4ef7-8756-91cc888176bd',
}
const agentAlone: Json = {
  ...entraDaemonV2,
  azp: 'aaaaaaaa-1111-2222-3333-444444444444',
  azpacr: '2',
  scp: '/',
  xms_act_fct: '3 9 11',
  xms_idrel: '7 10',
  xms_sub_fct: '9 3 11',
  xms_par_app_azp: '30cf4c22-9985-4ef7-8756-91cc888176bd',
}
const agentActor = [
  { subject: 'aaaaaaaa-1111-2222-3333-444444444444', issuer: entraUserV2.iss as string, profile: 'ai_agent' },
]
const entraV2: DocumentedIssuer = {
  profile: entra(),
  issuer: entraUserV2.iss as string,
  audience: entraApi,
  accepted: {
    'a user': {
      header: jwt,
      claims: entraUserV2,
      expected: {
        subject: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
        clientId: entraClient,
        scopes: ['Invoices.Read', 'Invoices.Write'],
        tokenId: 'fqiBqXLPj0eQa82S-IYFAA',
        mode: 'direct',
        delegation: [],
      },
    },
    'an app that is the API itself': {
      header: jwt,
      claims: { ...entraUserV2, azp: entraApi },
      expected: { clientId: entraApi },
    },
    'a daemon': {
      header: jwt,
      claims: entraDaemonV2,
      expected: { subject: 'a7b8c9d0-1111-2222-3333-444455556666', scopes: ['Invoices.Read.All'], mode: 'direct' },
    },
    'a daemon without roles': {
      header: jwt,
      claims: { ...without(entraDaemonV2, 'roles'), scp: '' },
      expected: { scopes: [], mode: 'direct' },
    },
    'a user who granted no scope': {
      header: jwt,
      claims: { ...entraUserV2, idtyp: 'user', scp: '/' },
      expected: { scopes: [], mode: 'direct' },
    },
    'an agent for a user': {
      header: jwt,
      claims: agentForUser,
      expected: {
        subject: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
        mode: 'delegated',
        scopes: ['Invoices.Read', 'Invoices.Write'],
        delegation: agentActor,
      },
    },
    'an agent for a user, with its blueprint alone': {
      header: jwt,
      claims: without(agentForUser, 'xms_act_fct', 'xms_sub_fct', 'idtyp'),
      expected: { mode: 'delegated', delegation: agentActor },
    },
    'an agent for a user, with its facets alone': {
      header: jwt,
      claims: { ...without(agentForUser, 'xms_par_app_azp'), xms_act_fct: '11' },
      expected: { mode: 'delegated', delegation: agentActor },
    },
    'an agent alone': {
      header: jwt,
      claims: agentAlone,
      expected: { mode: 'direct', delegation: [], scopes: ['Invoices.Read.All'], clientId: agentActor[0]?.subject },
    },
    'an agent alone that does not say it is an app': {
      header: jwt,
      claims: without(agentAlone, 'idtyp', 'xms_sub_fct'),
      expected: { mode: 'direct', delegation: [] },
    },
    'an agent that is its own subject': {
      header: jwt,
      claims: { ...agentForUser, xms_sub_fct: '9 3 11' },
      expected: { mode: 'direct', delegation: [] },
    },
    "an agent's user account": {
      header: jwt,
      claims: { ...agentForUser, xms_sub_fct: '13', oid: 'agent-user', sub: 'agent-user' },
      expected: { subject: 'agent-user', mode: 'delegated', delegation: agentActor },
    },
    'facets that only look like an agent': {
      header: jwt,
      claims: { ...entraUserV2, idtyp: 'user', xms_act_fct: '111 1 1' },
      expected: { mode: 'direct' },
    },
    'facets that are no text': {
      header: jwt,
      claims: { ...entraUserV2, xms_act_fct: 11 },
      expected: { mode: 'direct' },
    },
    'an act claim, should there ever be one': {
      header: jwt,
      claims: { ...agentForUser, act: { sub: 'agent:support' } },
      expected: { delegation: [{ subject: 'agent:support', issuer: entraUserV2.iss as string }] },
    },
  },
  refused: {
    'an ID token': { header: jwt, claims: entraIdToken, code: 'token_type_rejected', twin: 'a user' },
    'an ID token without nonce': {
      header: jwt,
      claims: without(entraIdToken, 'nonce'),
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'an ID token that names a client': {
      header: jwt,
      claims: { ...entraIdToken, azp: entraClient, azpacr: '1' },
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a token of another API': {
      header: jwt,
      claims: { ...entraUserV2, aud: '00000003-0000-0000-c000-000000000000' },
      code: 'audience_mismatch',
      twin: 'a user',
    },
    'a version that is none': {
      header: jwt,
      claims: { ...entraUserV2, ver: '1.0' },
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'an agent without a name': {
      header: jwt,
      claims: { ...agentForUser, azp: undefined, appid: undefined },
      code: 'token_type_rejected',
      twin: 'an agent for a user',
    },
    'a chain that is malformed': {
      header: jwt,
      claims: { ...agentForUser, act: null },
      code: 'delegation_malformed',
      twin: 'an agent for a user',
    },
    'scopes that are no scopes': {
      header: jwt,
      claims: { ...entraUserV2, scp: { read: true } },
      code: 'claim_invalid',
      twin: 'a user',
    },
  },
}
const entraUserV1: Json = {
  ...without(entraUserV2, 'azp', 'azpacr', 'preferred_username'),
  aud: 'api://billing',
  iss: `https://sts.windows.net/${tenant}/`,
  acr: '1',
  amr: ['pwd'],
  appid: entraClient,
  appidacr: '0',
  ipaddr: '192.0.2.7',
  unique_name: 'abeli@microsoft.com',
  ver: '1.0',
}
const entraV1: DocumentedIssuer = {
  profile: entra({ subjectClaims: ['oid'] }),
  issuer: entraUserV1.iss as string,
  audience: 'api://billing',
  accepted: {
    'a user': {
      header: { ...jwt, x5t: 'i6lGk3FZzxRcUb2C3nEQ7syHJlY' },
      claims: entraUserV1,
      expected: {
        subject: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
        clientId: entraClient,
        scopes: ['Invoices.Read', 'Invoices.Write'],
      },
    },
    'an agent for a user': {
      header: jwt,
      claims: { ...entraUserV1, idtyp: 'user', xms_act_fct: '11' },
      expected: {
        delegation: [{ subject: entraClient, issuer: entraUserV1.iss as string, profile: 'ai_agent' }],
      },
    },
  },
  refused: {
    'an ID token': {
      header: jwt,
      claims: without({ ...entraUserV1, aud: 'api://billing' }, 'appid', 'appidacr', 'scp'),
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a token of another API': {
      header: jwt,
      claims: { ...entraUserV1, aud: 'https://graph.microsoft.com' },
      code: 'audience_mismatch',
      twin: 'a user',
    },
    'a token without the subject that is asked for': {
      header: jwt,
      claims: without(entraUserV1, 'oid', 'sub'),
      code: 'claim_missing',
      twin: 'a user',
    },
  },
}

/** "OpenID Connect & OAuth 2.0 API", access tokens and ID tokens. */
const oktaIssuer = 'https://example.okta.com/oauth2/default'
const oktaUser: Json = {
  ver: 1,
  jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
  iss: oktaIssuer,
  aud: 'api://default',
  ...times,
  cid: 'nmdP1fcyvdVO11AL7ECm',
  uid: '00ujmkLgagxeRrAg20g3',
  scp: ['openid', 'email', 'flights'],
  auth_time: NOW - 60,
  sub: 'user@example.com',
  flight_number: 'AX102',
}
const oktaIdToken: Json = {
  sub: '00uid4BxXw6I6TV4m0g3',
  ver: 1,
  iss: oktaIssuer,
  aud: 'api://default',
  ...times,
  jti: 'ID.4eAWJOCMB3SX8XewDfVR',
  amr: ['pwd'],
  idp: '00ok1u7AsAkrwdZL3z0i',
  auth_time: NOW - 60,
  at_hash: 'cpqKfdQA5eH891Ff5oJr_Q',
  preferred_username: 'user@example.com',
}
const oktaCases: DocumentedIssuer = {
  profile: okta(),
  issuer: oktaIssuer,
  audience: 'api://default',
  accepted: {
    'a user': {
      header: rs256,
      claims: oktaUser,
      expected: {
        subject: 'user@example.com',
        clientId: 'nmdP1fcyvdVO11AL7ECm',
        scopes: ['openid', 'email', 'flights'],
        tokenId: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
        mode: 'direct',
      },
    },
    'a service': {
      header: rs256,
      claims: { ...without(oktaUser, 'uid', 'auth_time'), sub: 'nmdP1fcyvdVO11AL7ECm', scp: ['flights'] },
      expected: { subject: 'nmdP1fcyvdVO11AL7ECm', scopes: ['flights'] },
    },
  },
  refused: {
    'an ID token': { header: rs256, claims: oktaIdToken, code: 'token_type_rejected', twin: 'a user' },
    'an ID token without hashes': {
      header: rs256,
      claims: without(oktaIdToken, 'at_hash'),
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'an ID token that names client and scopes': {
      header: rs256,
      claims: { ...without(oktaIdToken, 'at_hash'), cid: 'nmdP1fcyvdVO11AL7ECm', scp: ['flights'] },
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a token without scopes': {
      header: rs256,
      claims: without(oktaUser, 'scp'),
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a token without an identifier': {
      header: rs256,
      claims: without(oktaUser, 'jti'),
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a token with a hash': {
      header: rs256,
      claims: { ...oktaUser, c_hash: 'cpqKfdQA5eH891Ff5oJr_Q' },
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a token of another API': {
      header: rs256,
      claims: { ...oktaUser, aud: 'api://orders' },
      code: 'audience_mismatch',
      twin: 'a user',
    },
    'typ JWT, which it never sends': { header: jwt, claims: oktaUser, code: 'token_type_rejected', twin: 'a user' },
  },
}

/** "Understanding the access token", "Understanding the identity (ID) token", "Scopes, M2M, and resource servers". */
const pool = 'https://cognito-idp.us-west-2.amazonaws.com/us-west-2_example'
const cognitoUser: Json = {
  sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  device_key: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  'cognito:groups': ['testgroup'],
  iss: pool,
  version: 2,
  client_id: 'xxxxxxxxxxxxexample',
  origin_jti: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  event_id: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  token_use: 'access',
  scope: 'phone openid profile billing/read billing/write email',
  auth_time: NOW - 60,
  ...times,
  jti: 'bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee',
  username: 'my-test-user',
}
const cognitoIdToken: Json = {
  sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  'cognito:groups': ['testgroup'],
  email_verified: true,
  iss: pool,
  'cognito:username': 'my-test-user',
  origin_jti: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  aud: 'xxxxxxxxxxxxexample',
  event_id: '64f513be-32db-42b0-b78e-b02127b4f463',
  token_use: 'id',
  auth_time: NOW - 60,
  ...times,
  jti: 'cccccccc-bbbb-cccc-dddd-eeeeeeeeeeee',
  email: 'my-test-user@example.com',
}
const cognitoCases: DocumentedIssuer = {
  profile: cognito(),
  issuer: pool,
  audience: 'billing',
  accepted: {
    'a user': {
      header: rs256,
      claims: cognitoUser,
      expected: {
        subject: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
        clientId: 'xxxxxxxxxxxxexample',
        scopes: ['phone', 'openid', 'profile', 'billing/read', 'billing/write', 'email'],
        audience: ['billing'],
        mode: 'direct',
      },
    },
    'a machine': {
      header: rs256,
      claims: {
        sub: 'xxxxxxxxxxxxexample',
        token_use: 'access',
        scope: 'orders/read billing/read',
        auth_time: NOW - 60,
        iss: pool,
        ...times,
        version: 2,
        jti: 'dddddddd-bbbb-cccc-dddd-eeeeeeeeeeee',
        client_id: 'xxxxxxxxxxxxexample',
      },
      expected: { subject: 'xxxxxxxxxxxxexample', audience: ['orders', 'billing'] },
    },
    'a resource binding': {
      header: rs256,
      claims: { ...cognitoUser, aud: 'billing', scope: 'openid' },
      expected: { audience: ['billing'], scopes: ['openid'] },
    },
    'an actor from a trigger': {
      header: rs256,
      claims: { ...cognitoUser, act: { sub: 'agent:support' } },
      expected: { mode: 'delegated', delegation: [{ subject: 'agent:support', issuer: pool }] },
    },
  },
  refused: {
    'an ID token': { header: rs256, claims: cognitoIdToken, code: 'token_type_rejected', twin: 'a user' },
    'an ID token that names scopes': {
      header: rs256,
      claims: { ...cognitoUser, token_use: 'id', aud: 'billing' },
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'a token with a hash': {
      header: rs256,
      claims: { ...cognitoUser, at_hash: 'cpqKfdQA5eH891Ff5oJr_Q' },
      code: 'token_type_rejected',
      twin: 'a user',
    },
    'scopes of another API': {
      header: rs256,
      claims: { ...cognitoUser, scope: 'openid orders/read' },
      code: 'audience_mismatch',
      twin: 'a user',
    },
    'a scope that only begins like the API': {
      header: rs256,
      claims: { ...cognitoUser, scope: 'billing-archive/read' },
      code: 'audience_mismatch',
      twin: 'a user',
    },
    'a scope of a resource server below the API': {
      header: rs256,
      claims: { ...cognitoUser, scope: 'billing/archive/read' },
      code: 'audience_mismatch',
      twin: 'a user',
    },
    'scopes of the API, bound to another': {
      header: rs256,
      claims: { ...cognitoUser, aud: 'https://orders.example.com' },
      code: 'audience_mismatch',
      twin: 'a user',
    },
    'no scope of any API': {
      header: rs256,
      claims: { ...cognitoUser, scope: 'openid aws.cognito.signin.user.admin /billing' },
      code: 'claim_missing',
      twin: 'a user',
    },
    'no scopes at all': {
      header: rs256,
      claims: without(cognitoUser, 'scope'),
      code: 'claim_missing',
      twin: 'a user',
    },
    'a delegated token of two APIs': {
      header: rs256,
      claims: { ...cognitoUser, scope: 'billing/read orders/read', act: { sub: 'agent:support' } },
      code: 'audience_mismatch',
      twin: 'an actor from a trigger',
    },
  },
}

export const documentedIssuers: Readonly<Record<string, DocumentedIssuer>> = {
  auth0: auth0Cases,
  keycloak: keycloakCases,
  'entra v2.0': entraV2,
  'entra v1.0': entraV1,
  okta: oktaCases,
  cognito: cognitoCases,
}
