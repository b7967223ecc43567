import { runtime } from '#runtime'

/**
 * How a proxy passes a client certificate on: `Client-Cert` of RFC 9440 (`:base64:` of the DER), or the URL-encoded PEM
 * of nginx (`$ssl_client_escaped_cert`), HAProxy and AWS load balancers.
 */
export type CertificateFormat = 'rfc9440' | 'url-encoded-pem'

/** Longest header that is looked at, in characters. */
const maxHeaderLength = 16_384

/** The `x5t#S256` of a certificate (RFC 8705 section 3.1): SHA-256 of its DER encoding as base64url. */
export async function certificateThumbprint(der: Uint8Array): Promise<string> {
  return runtime.encodeBase64url(await runtime.sha256(der))
}

/**
 * Reads the client certificate from a proxy's header. Only for a header that this proxy always sets or removes:
 * otherwise anybody can send it.
 *
 * @returns the DER encoding, or undefined unless the header holds exactly one certificate
 */
export function readCertificateHeader(value: string, format: CertificateFormat): Uint8Array | undefined {
  if (value.length > maxHeaderLength) return undefined
  const base64 = format === 'rfc9440' ? readByteSequence(value) : readPem(value)
  if (base64 === undefined) return undefined
  const der = runtime.decodeBase64url(
    base64
      .replace(/={1,2}$/, '')
      .replaceAll('+', '-')
      .replaceAll('/', '_'),
  )
  return der !== undefined && isSequence(der) ? der : undefined
}

/** The base64 in a byte sequence of RFC 8941 section 3.3.5. */
function readByteSequence(value: string): string | undefined {
  return /^ *:([A-Za-z0-9+/]+={0,2}): *$/.exec(value)?.[1]
}

const pemStart = '-----BEGIN CERTIFICATE-----'
const pemEnd = '-----END CERTIFICATE-----'

/** The base64 in the PEM of one certificate (RFC 7468 section 5). A plus is a plus: nobody encodes a space so here. */
function readPem(value: string): string | undefined {
  const pem = decodePercent(value)?.trim()
  if (!pem?.startsWith(pemStart) || !pem.endsWith(pemEnd)) return undefined
  const base64 = pem.slice(pemStart.length, -pemEnd.length).replaceAll(/\s/g, '')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? base64 : undefined
}

function decodePercent(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}

/** Whether the bytes are one DER sequence from the first to the last (X.690 section 8.1.3). */
function isSequence(der: Uint8Array): boolean {
  const [tag, first = 0] = der
  const isLong = first > 0x80
  const lengthSize = isLong ? first - 0x80 : 0
  const length = isLong ? der.subarray(2, 2 + lengthSize).reduce((sum, byte) => sum * 256 + byte, 0) : first
  return tag === 0x30 && first !== 0x80 && lengthSize <= 4 && der.length === 2 + lengthSize + length
}
