import type { TokenSpec } from '@behalf/testing'
import { type Api, audienceOf } from './stage.js'

const scopes: Readonly<Record<Api, string>> = {
  billing: 'billing:read',
  users: 'profile:read',
  orders: 'orders:read',
  refunds: 'refunds:write',
}

/** What a token of this story says. Of several actors the first is the current one. */
export interface Carried extends TokenSpec {
  readonly audience: string
  readonly scope: string
  readonly clientId: string
  readonly actor?: string | readonly string[]
}

/** What the token of a user says who calls without an agent. */
export function direct(api: Api): Carried {
  return { subject: 'user_8f2c1d', clientId: 'app_web', scope: scopes[api], audience: audienceOf(api) }
}

/** What the token says that an agent carries for a user; behind the agent those that called it. */
export function delegated(api: Api, ...actors: readonly string[]): Carried {
  return { ...direct(api), clientId: 'app_desk', actor: actors.length > 0 ? actors : 'agent:support' }
}
