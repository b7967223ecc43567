import { ConfigurationError } from '@behalf/core'
import { addressOf } from './settings.js'
import { tokenError } from './token-error.js'

/** Gets an access token, before every request. Remember it while it lives; `renew` says that the last one was refused. */
export type TokenSource = (request: {
  readonly renew: boolean
  /** Ends the wait. */
  readonly signal: AbortSignal
}) => string | Promise<string>

/** A client of the auth server. */
export interface ClientTokenOptions {
  /** The issuer. https, or http on a loopback address. */
  readonly serverUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** What the token is for. Default: `<serverUrl>/audit`. */
  readonly resource?: string
  /** Default `audit:write`. */
  readonly scope?: string
  /** Used for every request. Default: the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/** Milliseconds before its end at which a token is not used any more. */
const margin = 10_000

interface Held {
  readonly token: string
  readonly until: number
}

/**
 * Gets tokens with a client secret (RFC 6749 section 4.4), at the token endpoint that the server's metadata names (RFC 8414).
 * One is used until shortly before its end.
 *
 * @throws ConfigurationError when an option is wrong
 */
export function clientToken(options: ClientTokenOptions): TokenSource {
  const { clientId, clientSecret, fetch = (url: string, init: RequestInit) => globalThis.fetch(url, init) } = options
  const server = addressOf('serverUrl', options.serverUrl).href.replace(/\/$/u, '')
  for (const name of ['clientId', 'clientSecret'] as const) {
    if (typeof options[name] !== 'string' || options[name] === '') throw new ConfigurationError(name, 'is required')
  }
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    resource: options.resource ?? `${server}/audit`,
    scope: options.scope ?? 'audit:write',
  })
  const authorization = `Basic ${btoa(`${encode(clientId)}:${encode(clientSecret)}`)}`
  let endpoint: string | undefined
  let held: Held | undefined

  async function discover(signal: AbortSignal): Promise<string> {
    const response = await fetch(`${server}/.well-known/oauth-authorization-server`, { redirect: 'manual', signal })
    const { issuer, token_endpoint: found } = await readObject(response)
    if (issuer !== server || typeof found !== 'string') throw tokenError('the auth server does not describe itself')
    return addressOf('token_endpoint', found).href
  }

  async function ask(signal: AbortSignal): Promise<Held> {
    endpoint ??= await discover(signal)
    const asked = Date.now()
    const headers = { Authorization: authorization, 'Content-Type': 'application/x-www-form-urlencoded' }
    const sent = { method: 'POST', headers, body: form.toString(), redirect: 'manual', signal } as const
    const { access_token: token, expires_in: lifetime } = await readObject(await fetch(endpoint, sent))
    if (typeof token !== 'string') throw tokenError('the auth server gave no token')
    return { token, until: asked + (typeof lifetime === 'number' ? lifetime : 0) * 1000 - margin }
  }

  return async ({ renew, signal }) => {
    if (renew || held === undefined || held.until <= Date.now()) held = await ask(signal)
    return held.token
  }
}

/** Each part of Basic credentials is form-encoded first (RFC 6749 section 2.3.1). */
function encode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}

async function readObject(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const value: unknown = await response.json().catch(() => null)
  const members = typeof value === 'object' && value !== null ? { ...value } : undefined
  if (!response.ok) throw tokenError(`the auth server answered ${response.status}${codeOf(members)}`)
  if (members === undefined) throw tokenError('the auth server answered what no server should')
  return members
}

/** The error code of a refusal (RFC 6749 section 5.2), such as `invalid_client`. Nothing else that the server wrote is quoted. */
function codeOf(members: Readonly<Record<string, unknown>> = {}): string {
  const code = /^[a-z_]{1,40}$/u.exec(typeof members.error === 'string' ? members.error : '')?.[0]
  return code === undefined ? '' : ` ${code}`
}
