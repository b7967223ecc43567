import { type AuthorizationDetail, type DelegationClient, DelegationError } from '@behalf/agent'

/** What the tokens of a tool are for. Nothing of it comes from the model but what `details` takes from the arguments. */
export interface Delegation<Arguments = Record<string, unknown>> {
  /** The agent's client, one for the whole process. */
  readonly client: DelegationClient
  /** Resource indicator of the one API the tool calls (RFC 8707). */
  readonly resource: string
  /** Where that API is: `fetch` resolves against it, and sends to no other origin. Default: the resource. */
  readonly url?: string | URL
  /** Scopes, no more than the tool needs. Default: what the auth server's catalogue gives the tool. */
  readonly scope?: string | readonly string[]
  /** The one record and action of a call (RFC 9396), from the arguments of the model: what it asks for, not what it gets. */
  readonly details?: (input: Arguments) => readonly AuthorizationDetail[]
  /** Name of the tool in the server's catalogue. Default: the name the model knows it by. */
  readonly tool?: string
  /** A token for one call alone, neither taken from memory nor kept. Default false. */
  readonly singleUse?: boolean
  /** Whose authority the tool uses. Default `person`, that of the run; without one the call is refused. */
  readonly actsFor?: 'person' | 'agent'
}

/**
 * The base of the URLs that a tool may call.
 *
 * @throws DelegationError `configuration`
 */
export function baseOf({ resource, url = resource }: Pick<Delegation, 'resource' | 'url'>): URL {
  const text = String(url)
  const base = URL.canParse(text) ? new URL(text) : undefined
  if (base?.protocol === 'https:' || base?.protocol === 'http:') return base
  throw new DelegationError('configuration', 'delegation.url must say where the API is: the resource is no address.')
}
