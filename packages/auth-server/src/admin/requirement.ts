import type { Requirement } from '@behalf/core'
import type { RouteFacts } from './route.js'

/** Seconds since a person signed in, for changes that could give power away. */
export const stepUpAge = 300

/**
 * What a route demands of its caller, besides a token for the admin API.
 *
 * An agent never changes or decides for a person, whatever it was given: with a delegated token it reads, or withdraws.
 * A dangerous change wants a person who signed in a moment ago; a client by itself cannot do it, because nobody signed in.
 */
export function requirementOf({ scope, dangerous }: Pick<RouteFacts, 'scope' | 'dangerous'>): Requirement {
  const changes = scope === 'admin:write' || scope === 'admin:approve' || dangerous === true
  return {
    scope,
    ...(changes && { delegation: 'forbidden' }),
    ...(dangerous === true && { maxAge: stepUpAge }),
  }
}
