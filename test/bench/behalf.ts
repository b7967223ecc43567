import {
  type AuditEvent,
  createResourceServer,
  type ResourceRequest,
  type ResourceServer,
  type ResourceServerOptions,
  type TrustedIssuer,
} from '@behalf/core'
import { audience, issuer, type Signer } from './signer.js'

/** Trust in an issuer whose keys are at hand already: no network, so that only verification is timed. */
export function trust(signers: readonly Signer[], name: string = issuer): TrustedIssuer {
  return { issuer: name, jwks: { keys: signers.map(({ jwk }) => jwk) } }
}

export function createServer(
  issuers: TrustedIssuer | readonly TrustedIssuer[],
  options: Partial<ResourceServerOptions> = {},
): ResourceServer {
  return createResourceServer({ ...options, issuer: issuers, audience })
}

/** A request as a framework would hand it over. */
export function createRequest(authorization: string): ResourceRequest {
  return {
    method: 'GET',
    url: '/invoices',
    headers: { get: (name) => (name.toLowerCase() === 'authorization' ? authorization : null) },
  }
}

/** An audit callback that counts what was allowed, so that a row can prove that it decided and recorded every call. */
export interface AuditCounter {
  readonly audit: (event: AuditEvent) => void
  /** @throws unless exactly that many decisions were allowed and recorded */
  demand(calls: number): void
}

export function createAuditCounter(): AuditCounter {
  let allowed = 0
  return {
    audit: (event) => {
      if (event.type === 'access.decision' && event.decision === 'allow') allowed++
    },
    demand: (calls) => {
      if (allowed !== calls) throw new Error(`${calls} calls left ${allowed} audit events of allowed decisions`)
    },
  }
}

/** Resolves after the events of past decisions were delivered. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
