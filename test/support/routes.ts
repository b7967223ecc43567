import type { Principal, Requirement } from '@behalf/core'

/** Reads a path parameter of the framework's own request. */
export type Param = (name: string) => string | undefined

export type GuardSpec =
  | { readonly requireScope: readonly [string, ...string[]] }
  | { readonly requireAnyScope: readonly [string, ...string[]] }
  | { readonly protect: Requirement | ((param: Param) => Requirement | Promise<Requirement>) | undefined }

/** One route, written once and mounted alike everywhere. More than one guard stacks, outermost first. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'OPTIONS' | 'DELETE'
  readonly path: string
  readonly guards: readonly GuardSpec[]
}

/** The text every handler answers with: what the guard put before it. Never the token. */
export function describePrincipal(auth: Principal | undefined): string {
  if (auth === undefined) return JSON.stringify({ auth: null })
  const { subject, issuer, mode, actor, clientId, scopes, expiresAt, tokenId, transaction } = auth
  return JSON.stringify({ subject, issuer, mode, actor, clientId, scopes, expiresAt, tokenId, transaction })
}

/** The routes of every suite that does not bring its own. */
export const standardRoutes: readonly Route[] = [
  { method: 'GET', path: '/public', guards: [] },
  { method: 'GET', path: '/invoices', guards: [{ requireScope: ['billing:read'] }] },
  { method: 'POST', path: '/invoices', guards: [{ requireScope: ['billing:read'] }] },
  { method: 'OPTIONS', path: '/invoices', guards: [{ requireScope: ['billing:read'] }] },
  { method: 'GET', path: '/token', guards: [{ protect: undefined }] },
  { method: 'GET', path: '/both', guards: [{ requireScope: ['billing:read', 'billing:write'] }] },
  { method: 'GET', path: '/either', guards: [{ requireAnyScope: ['billing:read', 'billing:admin'] }] },
  { method: 'GET', path: '/delegated', guards: [{ protect: { delegation: 'required' } }] },
  { method: 'GET', path: '/direct', guards: [{ protect: { delegation: 'forbidden' } }] },
  { method: 'GET', path: '/support', guards: [{ protect: { actor: 'agent:support' } }] },
  { method: 'GET', path: '/agents', guards: [{ protect: { actor: ['agent:support', 'agent:sales'] } }] },
  { method: 'GET', path: '/customers/:id', guards: [{ protect: (param) => ({ subject: param('id') ?? '' }) }] },
  {
    method: 'GET',
    path: '/stacked',
    guards: [{ protect: { delegation: 'required' } }, { requireScope: ['billing:write'] }],
  },
]
