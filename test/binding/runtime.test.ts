import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { runtime as node } from '../../packages/core/dist/jws/runtime.node.js'
import { runtime as web } from '../../packages/core/dist/jws/runtime.web.js'

const run = promisify(execFile)
const dist = (file: string): string => new URL(`../../packages/core/dist/${file}`, import.meta.url).href

describe.each([
  ['Node', node],
  ['any other runtime', web],
])('%s', (_name, runtime) => {
  test('hashes bytes, and text as UTF-8', async () => {
    // FIPS 180-2 appendix B.1
    const abc = 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0'
    expect(runtime.encodeBase64url(await runtime.sha256('abc'))).toBe(abc)
    expect(runtime.encodeBase64url(await runtime.sha256(Buffer.from('xabcx').subarray(1, 4)))).toBe(abc)
    const accented = new TextEncoder().encode('\u00e9')
    expect(await runtime.sha256('\u00e9')).toEqual(await runtime.sha256(accented))
  })

  test('encodes a part of a buffer', () => {
    expect(runtime.encodeBase64url(Buffer.from([0, 0xff, 0xfe, 0xfd, 0]).subarray(1, 4))).toBe('__79')
    expect(runtime.encodeBase64url(new Uint8Array())).toBe('')
  })

  test('knows that this process is alone', () => {
    expect(runtime.sharesLoad()).toBe(false)
  })
})

test('a worker of a cluster shares the load', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'behalf-'))
  try {
    const file = join(folder, 'cluster.mjs')
    await writeFile(
      file,
      `import cluster from 'node:cluster'
       import { runtime } from '${dist('jws/runtime.node.js')}'
       console.log(cluster.isPrimary ? 'primary' : 'worker', runtime.sharesLoad())
       if (cluster.isPrimary) cluster.fork()
       else cluster.worker.disconnect()`,
    )
    const { stdout } = await run(process.execPath, [file])
    expect(stdout.trim().split('\n')).toEqual(['primary false', 'worker true'])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('without the synchronous cryptography of Node the verdicts are the same', async () => {
  const script = `
    import { createDpopVerifier } from '${dist('binding/dpop.js')}'
    import { certificateThumbprint } from '${dist('binding/mtls.js')}'
    import { createMemoryReplayStore, createReplayGuard } from '${dist('binding/replay.js')}'
    import { createDpopKey } from '${import.meta.resolve('@behalf/testing')}'
    const now = () => Date.now() / 1000
    const replay = createReplayGuard({ store: createMemoryReplayStore(), timeout: 250, allowWhenUnavailable: false, now })
    const verdicts = []
    for (const algorithm of ['ES256', 'ES384', 'ES512', 'RS256', 'PS512', 'EdDSA', 'Ed25519']) {
      const verifier = createDpopVerifier({
        resource: 'https://api.example.com', algorithms: [algorithm], maxAge: 60, futureTolerance: 15,
        nonce: { secret: 'x'.repeat(32), lifetime: 300 }, replay, now,
      })
      const key = await createDpopKey(algorithm)
      const other = await createDpopKey(algorithm)
      const spec = { method: 'GET', url: 'https://api.example.com/a', token: 'token' }
      const verify = async (proof, jkt = key.jkt) => {
        const request = { proof, method: 'GET', url: 'https://api.example.com/a', token: 'token', jkt }
        verdicts.push(await verifier.verify(request).catch((error) => error.code))
      }
      const nonce = await verifier.nonce()
      const proof = await key.proof({ ...spec, nonce })
      await verify(proof)
      await verify(proof)
      await verify(await key.proof({ ...spec, nonce }))
      await verify(await key.proof(spec))
      await verify(await key.proof({ ...spec, nonce }), other.jkt)
      await verify(await other.proof({ ...spec, nonce, header: { jwk: key.publicJwk } }))
      await verify(await key.proof({ ...spec, nonce, header: { jwk: { ...key.publicJwk, x: 'A'.repeat(43), n: 'AAAA' } } }))
      await verify((await key.proof({ ...spec, nonce })).replace(/[^.]+$/, 'AAAA'))
    }
    console.log(JSON.stringify([verdicts, await certificateThumbprint(new TextEncoder().encode('abc'))]))`
  // Like Cloudflare's runtime, which takes the same file as every other one that is not Node.
  const { stdout } = await run(process.execPath, ['--conditions=workerd', '--input-type=module', '--eval', script])
  const [verdicts, thumbprint]: [string[], string] = JSON.parse(stdout)
  const each = [
    'first',
    'dpop_proof_replayed',
    'first',
    'dpop_nonce_required',
    'binding_mismatch',
    ...Array.from({ length: 3 }, () => 'dpop_proof_invalid'),
  ]
  expect(verdicts).toEqual(Array.from({ length: 7 }, () => each).flat())
  expect(thumbprint).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
})
