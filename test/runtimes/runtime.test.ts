import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import { describe, expect, it } from 'vitest'
import { algorithmProfiles, type SigningAlgorithm } from '../../packages/core/dist/jws/algorithm.js'
import type { JsonWebKey, Runtime } from '../../packages/core/dist/jws/runtime.js'
import { runtime as node } from '../../packages/core/dist/jws/runtime.node.js'
import { runtime as web } from '../../packages/core/dist/jws/runtime.web.js'

const claims = new TextEncoder().encode('{"sub":"user_1"}')
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))

async function createSigner(alg: SigningAlgorithm) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk: JsonWebKey = { ...(await exportJWK(publicKey)) }
  const token = await new CompactSign(claims).setProtectedHeader({ alg, typ: 'at+jwt' }).sign(privateKey)
  const input = token.slice(0, token.lastIndexOf('.'))
  return { jwk, input, signature: bytesOf(token.slice(input.length + 1)) }
}

/** Asks as the verifier does: with the signing input, the signature's bytes, and the token both came from. */
async function isSound(runtime: Runtime, jwk: JsonWebKey, alg: SigningAlgorithm, input: string, signature: Uint8Array) {
  const check = await runtime.prepareKey(jwk, alg)
  return check(input, signature, `${input}.${Buffer.from(signature).toString('base64url')}`)
}

describe.each([
  ['Node', node],
  ['the web', web],
])('the runtime of %s', (_name, runtime) => {
  it.each([
    ['', ''],
    ['AA', '00'],
    ['AAA', '0000'],
    ['-_-_', 'fbffbf'],
    ['_w', 'ff'],
  ])('decodes %j and encodes it again', (text, hex) => {
    const bytes = runtime.decodeBase64url(text)
    expect(Buffer.from(bytes ?? 'ff').toString('hex')).toBe(hex)
    expect(runtime.encodeBase64url(bytes ?? claims)).toBe(text)
  })

  it.each(['A', 'AA==', 'AAA=', 'AB', 'AAB', 'A+/A', ' AA', 'AA\n', 'A A', 'AA.', 'é', '\u{1f4a5}', 'AAAAA'])(
    'does not decode %j',
    (text) => {
      expect(runtime.decodeBase64url(text)).toBeUndefined()
    },
  )

  it('encodes a view on the middle of a buffer', () => {
    expect(runtime.encodeBase64url(new Uint8Array([1, 2, 251, 255, 191, 3]).subarray(2, 5))).toBe('-_-_')
  })

  it.each([
    ['text', 'gr\u00fc\u00df dich'],
    ['bytes', new TextEncoder().encode('gr\u00fc\u00df dich')],
  ])('hashes %s', async (_kind, data) => {
    const digest = await runtime.sha256(data)
    expect(Buffer.from(digest).toString('base64url')).toBe('BJEjV3Mdq6iK6ckxFvOIMT8l2sC2HyzVukYzma48kCw')
  })

  it('runs a deferred task after the code that asked for it', async () => {
    const order: string[] = []
    await new Promise<void>((resolve) => {
      runtime.defer(() => {
        order.push('task')
        resolve()
      })
      order.push('code')
    })
    expect(order).toEqual(['code', 'task'])
  })

  it('is alone on its port here', () => {
    expect(runtime.sharesLoad()).toBe(false)
  })

  it.each([...algorithmProfiles.keys()])('checks a signature of %s', async (alg) => {
    const { jwk, input, signature } = await createSigner(alg)
    const other = await createSigner(alg)
    const flipped = signature.with(signature.length - 1, (signature.at(-1) ?? 0) ^ 1)

    expect(await isSound(runtime, jwk, alg, input, signature)).toBe(true)
    expect(await isSound(runtime, jwk, alg, input, flipped)).toBe(false)
    expect(await isSound(runtime, jwk, alg, input, signature.subarray(0, -1))).toBe(false)
    expect(await isSound(runtime, jwk, alg, input, new Uint8Array(0))).toBe(false)
    expect(await isSound(runtime, jwk, alg, input, other.signature)).toBe(false)
    expect(await isSound(runtime, other.jwk, alg, input, signature)).toBe(false)
  })

  it('takes no point that is not on its curve', async () => {
    const { jwk } = await createSigner('ES256')
    const prepare = async () => runtime.prepareKey({ ...jwk, x: jwk.y, y: jwk.x }, 'ES256')
    await expect(prepare()).rejects.toThrow()
  })

  it('takes no algorithm it does not know', async () => {
    const { jwk } = await createSigner('ES256')
    const prepare = async () => runtime.prepareKey(jwk, 'ES1' as SigningAlgorithm)
    await expect(prepare()).rejects.toThrow()
  })
})

it.each(['RS256', 'PS256', 'PS512'] as const)('takes no %s signature without its leading zero', async (alg) => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const check = await node.prepareKey({ ...(await exportJWK(publicKey)) }, alg)
  let input = ''
  let signature: Uint8Array
  do {
    const token = await new CompactSign(claims).setProtectedHeader({ alg, kid: crypto.randomUUID() }).sign(privateKey)
    input = token.slice(0, token.lastIndexOf('.'))
    signature = bytesOf(token.slice(input.length + 1))
  } while (signature[0] !== 0)

  expect(check(input, signature, '')).toBe(true)
  expect(check(input, signature.subarray(1), '')).toBe(false)
})

it('says on the web when a token, and not its signature, is what fails', async () => {
  const { jwk, input, signature } = await createSigner('ES256')
  const check = await web.prepareKey(jwk, 'ES256')
  await expect(async () => check(input, signature, 'no token')).rejects.toThrow()
})
