import { createHash } from 'node:crypto'
import { createDpopKey, createTestIssuer } from '@behalf/testing'
import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { certificateThumbprint, readCertificateHeader } from '../../packages/core/dist/binding/mtls.js'

/** The certificate and the thumbprint of RFC 8705 appendix A. */
const pem = `-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
`
const thumbprint = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0'
const base64 = pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')
const der = new Uint8Array(Buffer.from(base64, 'base64'))

/** The header of RFC 9440 section 2.2's certificate, as RFC 9421 appendix B.3 has it. */
const clientCert =
  ':MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:'

describe('the thumbprint of a certificate (RFC 8705 section 3.1)', () => {
  test('is that of appendix A', async () => {
    expect(await certificateThumbprint(der)).toBe(thumbprint)
  })

  test('is of the bytes that are given, a part of a larger buffer as well', async () => {
    const buffer = Buffer.concat([Buffer.alloc(7, 1), der, Buffer.alloc(9, 2)])
    expect(await certificateThumbprint(buffer.subarray(7, 7 + der.length))).toBe(thumbprint)
    expect(await certificateThumbprint(der.subarray(1))).not.toBe(thumbprint)
  })
})

describe('the header of a proxy', () => {
  test('as RFC 9440 writes it', () => {
    expect(readCertificateHeader(`:${base64}:`, 'rfc9440')).toEqual(Buffer.from(der))
    expect(readCertificateHeader(`  :${base64}:  `, 'rfc9440')).toEqual(Buffer.from(der))
    const example = readCertificateHeader(clientCert, 'rfc9440') ?? new Uint8Array()
    expect(Buffer.from(example).toString('base64')).toBe(clientCert.slice(1, -1))
  })

  test.each([
    ['encoded like a URL component, as nginx does', encodeURIComponent(pem)],
    [
      'with plus, slash and equals as they are, as AWS load balancers do',
      encodeURIComponent(pem).replaceAll('%2B', '+').replaceAll('%2F', '/').replaceAll('%3D', '='),
    ],
    ['with CR LF', encodeURIComponent(pem.replaceAll('\n', '\r\n'))],
    ['without its last line break', encodeURIComponent(pem.trim())],
    ['on one line', encodeURIComponent(pem.replaceAll('\n', ''))],
    ['with nothing encoded but what must be', pem.replaceAll('\n', '%0A')],
  ])('as URL-encoded PEM, %s', (_name, value) => {
    expect(readCertificateHeader(value, 'url-encoded-pem')).toEqual(Buffer.from(der))
  })

  test.each([
    ['empty', ''],
    ['without colons', base64],
    ['with one colon', `:${base64}`],
    ['twice', `:${base64}:, :${base64}:`],
    ['with a parameter', `:${base64}:;a=1`],
    ['in base64url', `:${base64.replaceAll('+', '-').replaceAll('/', '_')}:`],
    ['with white space inside', `:${base64.slice(0, 8)} ${base64.slice(8)}:`],
    ['with too much padding', `:${base64}==:`],
    ['without bytes', '::'],
    ['without bytes but padding', ':=:'],
    ['with a stray bit', `:${base64.slice(0, -2)}Z=:`],
    ['as PEM', encodeURIComponent(pem)],
    ['of bytes behind the certificate', `:${Buffer.concat([der, Buffer.alloc(1)]).toString('base64')}:`],
    ['of half a certificate', `:${Buffer.from(der.subarray(0, 99)).toString('base64')}:`],
    ['of something else', `:${Buffer.from('certificate').toString('base64')}:`],
    [
      'of an indefinite length',
      `:${Buffer.concat([Buffer.from([0x30, 0x80]), Buffer.alloc(128)]).toString('base64')}:`,
    ],
    ['of a length of eight bytes', `:${Buffer.from([0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 0]).toString('base64')}:`],
    [
      'longer than 16 KiB',
      `:${Buffer.concat([Buffer.from([0x30, 0x82, 0x40, 0x00]), Buffer.alloc(0x4000)]).toString('base64')}:`,
    ],
  ])('as RFC 9440 writes it, but %s, holds none', (_name, value) => {
    expect(readCertificateHeader(value, 'rfc9440')).toBeUndefined()
  })

  test.each([
    ['empty', ''],
    ['two certificates', encodeURIComponent(pem + pem)],
    ['a repeated header', `${encodeURIComponent(pem)}, ${encodeURIComponent(pem)}`],
    ['a key', encodeURIComponent(pem.replaceAll('CERTIFICATE', 'PUBLIC KEY'))],
    ['no end', encodeURIComponent(pem.slice(0, -30))],
    ['no start', encodeURIComponent(pem.slice(30))],
    ['nothing between', encodeURIComponent('-----BEGIN CERTIFICATE----------END CERTIFICATE-----')],
    ['start and end in one', encodeURIComponent('-----BEGIN CERTIFICATE-----END CERTIFICATE-----')],
    ['a broken encoding', `${encodeURIComponent(pem)}%`],
    ['a broken character', encodeURIComponent(pem).replace('%0A', '%FF')],
    ['a comment', encodeURIComponent(pem.replace('\n', '\n#\n'))],
    ['the form of RFC 9440', `:${base64}:`],
    ['no certificate', '(null)'],
  ])('as URL-encoded PEM, but %s, holds none', (_name, value) => {
    expect(readCertificateHeader(value, 'url-encoded-pem')).toBeUndefined()
  })

  test('takes time in proportion to its length', () => {
    for (const filling of [' ', '%20', 'A ', '\t', '=', 'AAAA']) {
      const value = `-----BEGIN CERTIFICATE-----${filling.repeat(16_000 / filling.length)}`
      const run = () => {
        const started = performance.now()
        expect(readCertificateHeader(value, 'url-encoded-pem')).toBeUndefined()
        expect(readCertificateHeader(`:${value}`, 'rfc9440')).toBeUndefined()
        return performance.now() - started
      }
      expect(Math.min(run(), run(), run())).toBeLessThan(50)
    }
  })
})

describe('a token of the test issuer', () => {
  test('is bound to a certificate, or to a key', async () => {
    const issuer = await createTestIssuer({ listen: false })
    const spec = { subject: 'user-1', audience: 'https://billing.example.com' }
    expect(decodeJwt(await issuer.token({ ...spec, boundTo: der })).cnf).toEqual({ 'x5t#S256': thumbprint })
    const key = await createDpopKey('RS256')
    expect(decodeJwt(await issuer.token({ ...spec, boundTo: key })).cnf).toEqual({ jkt: key.jkt })
    const { e, kty, n } = key.publicJwk
    expect(key.jkt).toBe(createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url'))
    expect(Object.keys(key.publicJwk).sort()).toEqual(['e', 'kty', 'n'])
    expect(decodeJwt(await issuer.token(spec))).not.toHaveProperty('cnf')
  })
})
