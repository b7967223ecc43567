import type { TokenSpec } from '../token.js'
import type { Forge } from './forge.js'

/** Bad tokens that are wrong about who acts for whom. */
export interface BadChains {
  /**
   * An `act` that is no delegation chain (RFC 8693 section 4.1): `delegation_malformed`.
   *
   * @param act - default: a chain whose inner link is `null`; {@link malformedActs} has more
   */
  malformedChain(spec: TokenSpec, act?: unknown): Promise<string>
  /**
   * A chain longer than accepted: `delegation_too_deep`, status 400, so that a client does not fetch another one.
   *
   * @param depth - how many actors; default: 5, where a resource server accepts 4
   */
  tooDeepChain(spec: TokenSpec, depth?: number): Promise<string>
  /** The subject as its own actor: `delegation_malformed`. */
  selfDelegation(spec: TokenSpec): Promise<string>
  /** An actor named by an issuer that is not trusted: `actor_untrusted`, answered as `actor_unauthorized`, status 403. */
  foreignActor(spec: TokenSpec): Promise<string>
}

export function badChains(forge: Forge): BadChains {
  return {
    malformedChain: async (spec, act = { iss: forge.issuer, sub: 'agent:test', act: null }) =>
      forge.token({ ...spec, claims: { ...spec.claims, act } }),
    tooDeepChain: async (spec, depth = 5) =>
      forge.token({ ...spec, actor: Array.from({ length: depth }, (_, i) => `agent:test-${depth - i}`) }),
    selfDelegation: async (spec) => forge.token({ ...spec, actor: spec.subject }),
    foreignActor: async (spec) =>
      forge.token({ ...spec, actor: { subject: 'agent:test', issuer: 'https://elsewhere.example' } }),
  }
}
