import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A certificate and the key it speaks of, as TLS takes them. */
export interface Certificate {
  /** PEM. */
  readonly cert: string
  /** PEM. */
  readonly key: string
  readonly der: Uint8Array
  /** `x5t#S256` of a token bound to it (RFC 8705 section 3.1). */
  readonly thumbprint: string
}

/** Makes a self-signed certificate for `localhost` with a new P-256 key, good for this day (RFC 5280 section 4.1). */
export function createCertificate(commonName: string): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(set(sequence(objectId(2, 5, 4, 3), text(commonName))))
  const algorithm = sequence(objectId(1, 2, 840, 10045, 4, 3, 2)) // ecdsa-with-SHA256
  const day = 86_400_000
  const subjectAltName = sequence(objectId(2, 5, 29, 17), octets(sequence(element(0x82, Buffer.from('localhost')))))
  const statement = sequence(
    element(0xa0, integer(Buffer.of(2))), // version 3
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(Date.now() - day), time(Date.now() + day)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(subjectAltName)),
  )
  const der = sequence(statement, algorithm, bits(sign('sha256', statement, privateKey)))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    der,
    thumbprint: createHash('sha256').update(der).digest('base64url'),
  }
}

/** One element of DER (X.690): tag, length, content. */
function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const { length } = body
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, Math.floor(length / 0x100), length % 0x100]
  return Buffer.concat([Buffer.of(tag, ...size), body])
}

const sequence = (...content: readonly Uint8Array[]) => element(0x30, ...content)
const set = (content: Uint8Array) => element(0x31, content)
const integer = (bytes: Uint8Array) => element(0x02, bytes)
const octets = (bytes: Uint8Array) => element(0x04, bytes)
const bits = (bytes: Uint8Array) => element(0x03, Buffer.of(0), bytes)
const text = (value: string) => element(0x0c, Buffer.from(value))
const time = (at: number) =>
  element(0x17, Buffer.from(`${new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))

function objectId(first: number, second: number, ...rest: readonly number[]): Buffer {
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(inBase128)]))
}

/** Seven bits a byte, the most significant first; all but the last byte have their eighth bit set. */
function inBase128(value: number): number[] {
  const bytes = [value % 0x80]
  for (let left = Math.floor(value / 0x80); left > 0; left = Math.floor(left / 0x80))
    bytes.unshift(0x80 + (left % 0x80))
  return bytes
}
