import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { bundleForWorker } from '../runtimes/bundle.js'

const fileOf = (specifier: string) => fileURLToPath(import.meta.resolve(specifier))

it.each([
  ['@behalf/agent', 'createDelegationClient'],
  ['@behalf/audit', 'httpSink'],
  ['@behalf/core', 'createResourceServer'],
  ['@behalf/hono', 'createResourceServer'],
])('bundles %s for a worker with nothing left to import', async (specifier, factory) => {
  const { code, imports } = await bundleForWorker(fileOf(specifier))
  expect(imports).toEqual([])
  expect(code).not.toMatch(/['"]node:/)
  expect(code).toContain(factory)
})

it('would see a node: import', async () => {
  const { imports } = await bundleForWorker(fileOf('@behalf/core/node'))
  const testing = await bundleForWorker(fileOf('@behalf/testing'))
  expect(imports).toEqual([])
  expect(testing.imports).toContain('node:crypto')
})
