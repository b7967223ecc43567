import { createDpopKey } from '@behalf/testing'
import { expect, test } from 'vitest'
import { createProofKeys } from '../../packages/core/dist/binding/proof-key.js'

test('a key is prepared once, however its JWK is written', async () => {
  const keys = createProofKeys(10)
  const { publicJwk, jkt } = await createDpopKey()
  const found = await keys.find(publicJwk)
  expect(found.thumbprint).toBe(jkt)
  keys.remember(found)
  const { kty, crv, x, y } = publicJwk
  expect(keys.find(publicJwk)).toBe(found)
  expect(keys.find({ y, x, kty, crv })).toBe(found)
  expect(keys.find({ kid: 'mine', y, alg: 'ES256', x, use: 'sig', kty, crv, ext: true })).toBe(found)
  expect(found.key.check('ES256')).toBe(found.key.check('ES256'))
})

test('a key that is not remembered is prepared again', async () => {
  const keys = createProofKeys(10)
  const { publicJwk } = await createDpopKey()
  const found = await keys.find(publicJwk)
  const again = await keys.find(publicJwk)
  expect(again).not.toBe(found)
  expect(again.thumbprint).toBe(found.thumbprint)
})

test('a known key is looked at for private members all the same', async () => {
  const keys = createProofKeys(10)
  const { publicJwk, privateJwk } = await createDpopKey()
  keys.remember(await keys.find(publicJwk))
  expect(() => keys.find(privateJwk)).toThrow('The DPoP proof is invalid.')
  expect(keys.find(publicJwk)).not.toBeInstanceOf(Promise)
})

test('the key that was used least recently makes room', async () => {
  const keys = createProofKeys(2)
  const [one, two, three] = await Promise.all([createDpopKey(), createDpopKey('EdDSA'), createDpopKey('ES384')])
  for (const { publicJwk } of [one, two]) keys.remember(await keys.find(publicJwk))
  void keys.find(one.publicJwk)
  keys.remember(await keys.find(three.publicJwk))
  const isKnown = [one, two, three].map(({ publicJwk }) => !(keys.find(publicJwk) instanceof Promise))
  expect(isKnown).toEqual([true, false, true])
})

test('no text in a JWK makes it look like another key', async () => {
  const keys = createProofKeys(10)
  const { publicJwk } = await createDpopKey()
  const { kty, crv, x, y } = publicJwk
  keys.remember(await keys.find(publicJwk))
  for (const jwk of [
    { kty, crv, x: `${x}","y":"${y}` },
    { kty, crv: `${crv}","kty":"EC`, x, y },
    { kty: 'RSA', e: 'AQAB","x":"', n: y },
    { kty: 'OKP', crv, x },
  ]) {
    const search = async () => keys.find(jwk)
    await expect(search()).rejects.toMatchObject({ code: 'dpop_proof_invalid' })
  }
})
