import { AccessError } from '../errors.js'
import type { Credentials } from '../request/credentials.js'
import type { ResourceRequest } from '../request/request.js'
import type { VerifiedToken } from '../token/verified-token.js'
import { isSame } from './constant-time.js'
import type { DpopMode, DpopVerifier } from './dpop.js'
import { type CertificateFormat, certificateThumbprint, readCertificateHeader } from './mtls.js'

/** Where a proxy that ends TLS puts the client's certificate. */
export interface ClientCertificateHeader {
  /** Name of a header that the proxy always sets or removes, so that no client can send it. */
  readonly name: string
  readonly format: CertificateFormat
}

/** What binding needs from its surroundings. */
export interface BindingSettings {
  readonly mode: DpopMode
  /** Undefined when DPoP is disabled. */
  readonly dpop: DpopVerifier | undefined
  readonly certificateHeader: ClientCertificateHeader | undefined
}

/** What came to light while possession was proven. */
export interface BindingEvidence {
  /** For the `DPoP-Nonce` header of the answer. */
  nonce?: string
  /** Checks that could not be made and were waived by configuration. */
  unchecked?: readonly 'replay'[]
}

/** Proves that whoever presents a token is the one it was given to. */
export interface Binding {
  /**
   * Answers at once for a bearer token.
   *
   * @throws AccessError `binding_required`, `binding_mismatch`, and the codes of {@link DpopVerifier}
   */
  prove(
    request: ResourceRequest,
    credentials: Credentials,
    token: VerifiedToken,
    evidence: BindingEvidence,
  ): Promise<void> | undefined
}

export function createBinding({ mode, dpop, certificateHeader }: BindingSettings): Binding {
  async function proveKey(
    { method, url }: ResourceRequest,
    { token, proof }: Credentials,
    jkt: string,
    evidence: BindingEvidence,
  ): Promise<void> {
    if (dpop === undefined) throw new AccessError('binding_unsupported')
    const nonce = await dpop.nonce()
    if (nonce !== undefined) evidence.nonce = nonce
    const use = await dpop.verify({ proof, method, url, token, jkt })
    if (use === 'unchecked') evidence.unchecked = ['replay']
  }

  async function proveCertificate(request: ResourceRequest, thumbprint: string): Promise<void> {
    const certificate = readCertificate(request)
    if (certificate === undefined) throw new AccessError('binding_required')
    if (!isSame(await certificateThumbprint(certificate), thumbprint)) throw new AccessError('binding_mismatch')
  }

  /** Where a header is configured it alone counts: the connection's own certificate is the proxy's then. */
  function readCertificate({ headers, clientCertificate }: ResourceRequest): Uint8Array | undefined {
    if (certificateHeader === undefined) return clientCertificate
    const value = headers.get(certificateHeader.name)
    return value === null ? undefined : readCertificateHeader(value, certificateHeader.format)
  }

  return {
    prove(request, credentials, { confirmation }, evidence) {
      const isDpop = credentials.scheme === 'dpop'
      if (confirmation?.method === 'dpop') {
        if (!isDpop) throw new AccessError('binding_required')
        return proveKey(request, credentials, confirmation.thumbprint, evidence)
      }
      if (isDpop) throw new AccessError('binding_mismatch')
      if (mode === 'required') throw new AccessError('binding_required')
      return confirmation && proveCertificate(request, confirmation.thumbprint)
    },
  }
}
