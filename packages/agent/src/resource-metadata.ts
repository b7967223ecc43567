import type * as oauth from 'oauth4webapi'
import { readWhole, until } from './bounded.js'
import { DelegationError } from './errors.js'
import type { Settings } from './options.js'

/** Bytes of the metadata of an API, at most. */
const mostBytes = 65_536

/**
 * Looks into the metadata of an API that refuses a fresh token (RFC 9728): where it names other auth servers and not this one, no
 * token will ever do. Nothing else is taken from it: neither where tokens come from nor where they go.
 *
 * @throws DelegationError `server_not_accepted`
 */
export async function demandOwnServer(
  settings: Settings,
  api: URL,
  challenges: readonly oauth.WWWAuthenticateChallenge[],
): Promise<void> {
  const named = challenges.map(({ parameters }) => parameters.resource_metadata).find((url) => url !== undefined)
  if (named === undefined || !URL.canParse(named)) return
  const url = new URL(named)
  if (url.origin !== api.origin) return // an API speaks for itself alone
  const servers = await serversOf(settings, url)
  if (servers === undefined || servers.some((server) => isSame(server, settings.serverUrl))) return
  throw new DelegationError('server_not_accepted', 'The API takes no tokens of this auth server.')
}

/** `authorization_servers`; undefined where there are none to read. */
async function serversOf({ fetch, timeout }: Settings, url: URL): Promise<readonly unknown[] | undefined> {
  const signal = AbortSignal.timeout(timeout)
  try {
    const headers = { accept: 'application/json' }
    const response = await until(signal, fetch(url, { headers, redirect: 'manual', signal }))
    const whole = await readWhole(response, mostBytes, signal)
    if (whole.status !== 200) return undefined
    const metadata: unknown = await whole.json()
    const isNamed = typeof metadata === 'object' && metadata !== null && 'authorization_servers' in metadata
    return isNamed && Array.isArray(metadata.authorization_servers) ? metadata.authorization_servers : undefined
  } catch {
    return undefined // then it is as silent as one without metadata
  }
}

function isSame(server: unknown, { href }: URL): boolean {
  return typeof server === 'string' && URL.canParse(server) && new URL(server).href === href
}
