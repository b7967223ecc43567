import type { AdapterPayload } from 'oidc-provider'
import type { IssuedToken } from '../tokens/issued-token.js'

/** Claims that the engine says in its own words, and those it must not be given. */
const ownWords: ReadonlySet<string> = new Set([
  'active',
  'aud',
  'authorization_details',
  'client_id',
  'cnf',
  'exp',
  'iat',
  'iss',
  'jti',
  'scope',
  'sid',
  'sub',
  'token_type',
  'username',
])

/**
 * A token in the protocol engine's words, so that its introspection answer (RFC 7662 section 2.2) says what the token
 * says: `act`, `sub_profile`, `client_profile`, `txn`, `tctx` and the like beside what the engine knows itself.
 */
export function describeToken(record: IssuedToken): AdapterPayload {
  const { claims } = record
  return {
    kind: 'AccessToken',
    jti: record.tokenId,
    iat: record.issuedAt,
    exp: record.expiresAt,
    clientId: record.clientId,
    aud: record.resource,
    scope: record.scope.join(' '),
    extra: { ...others(claims), sub: record.subject },
    ...(record.sessionId === null ? {} : { sid: record.sessionId }),
    ...confirmation(claims.cnf),
    ...details(claims.authorization_details),
  }
}

function others(claims: IssuedToken['claims']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !ownWords.has(name)))
}

function confirmation(cnf: unknown): { readonly jkt?: string; readonly 'x5t#S256'?: string } {
  if (typeof cnf !== 'object' || cnf === null) return {}
  if ('jkt' in cnf && typeof cnf.jkt === 'string') return { jkt: cnf.jkt }
  if ('x5t#S256' in cnf && typeof cnf['x5t#S256'] === 'string') return { 'x5t#S256': cnf['x5t#S256'] }
  return {}
}

function details(value: unknown): Pick<AdapterPayload, 'rar'> {
  return Array.isArray(value) && value.length > 0 ? { rar: value } : {}
}
