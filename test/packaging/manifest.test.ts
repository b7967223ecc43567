import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packages, readManifest, root } from './workspace.js'

// What a package may depend on at run time, and the framework it leaves to its user.
const dependencies: Readonly<Record<string, readonly string[]>> = {
  agent: ['jose', 'lru-cache', 'oauth4webapi'],
  audit: ['@behalf/core'],
  'auth-server': [
    '@behalf/audit',
    '@behalf/core',
    '@behalf/koa',
    '@electric-sql/pglite',
    '@koa/router',
    'jose',
    'koa',
    'koa-compose',
    'oidc-provider',
    'pg',
    'pino',
    'rate-limiter-flexible',
    'yaml',
    'zod',
  ],
  core: ['jose', 'lru-cache'],
  express: ['@behalf/core'],
  fastify: ['@behalf/core', 'fastify-plugin'],
  hono: ['@behalf/core'],
  koa: ['@behalf/core'],
  langchain: ['@behalf/agent'],
  redis: ['@behalf/core'],
  testing: ['jose'],
}
const peers: Readonly<Record<string, readonly string[]>> = {
  express: ['@types/express', 'express'],
  fastify: ['fastify'],
  hono: ['hono'],
  koa: ['@types/koa', 'koa'],
  langchain: ['@langchain/core'],
  redis: ['ioredis', 'redis'],
}

/** Packages that are a program as well. */
const programs: Readonly<Record<string, readonly string[]>> = { 'auth-server': ['behalf-auth-server'] }

/** Files beside the code that packages publish and export by their own name. */
const documents: Readonly<Record<string, readonly string[]>> = { 'auth-server': ['policy.schema.json'] }

const keysOf = (value: unknown) => Object.keys(value ?? {}).toSorted()
const { engines, license } = readManifest(root) as Readonly<Record<string, unknown>>
const all = packages()

it('knows every package, and releases them together', () => {
  const { fixed } = JSON.parse(readFileSync(join(root, '.changeset/config.json'), 'utf8')) as {
    readonly fixed: unknown
  }
  expect(all.map(({ folder }) => folder).toSorted()).toEqual(Object.keys(dependencies))
  expect(fixed).toEqual([all.map(({ manifest }) => manifest.name).toSorted()])
})

describe.each(all)('$manifest.name', ({ folder, path, manifest }) => {
  it('is named after its folder and says what it is', () => {
    expect(manifest.name).toBe(`@behalf/${folder}`)
    expect(manifest.description).toEqual(expect.stringMatching(/^.{20,160}\.$/))
    expect(manifest.private).toBeUndefined()
  })

  it('has a README under its name, and the license', () => {
    expect(readFileSync(join(path, 'README.md'), 'utf8').split('\n')[0]).toContain(manifest.name)
    expect(readFileSync(join(path, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'))
    expect(manifest.license).toBe(license)
  })

  it('is ESM without side effects, for the Node versions of the workspace', () => {
    expect(manifest.type).toBe('module')
    expect(manifest.sideEffects).toBe(false)
    expect(manifest.engines).toEqual(engines)
  })

  it('publishes dist and pages, and nothing else', () => {
    expect((manifest.files as string[]).filter((file) => !/^[A-Z]+\.md$/.test(file))).toEqual([
      'dist',
      ...(documents[folder] ?? []),
    ])
    expect(['main', 'module', 'browser', 'types', 'scripts'].filter((member) => member in manifest)).toEqual([])
    expect(keysOf(manifest.bin)).toEqual(programs[folder] ?? [])
  })

  it('exports only files that the build makes, types first', () => {
    const exported = Object.entries(manifest.exports as Record<string, Record<string, string> | string>)
    const lone = exported.filter(([, entry]) => typeof entry === 'string')
    expect(lone).toEqual((documents[folder] ?? []).map((name) => [`./${name}`, `./${name}`]))
    for (const [, file] of lone) expect(existsSync(join(path, file as string))).toBe(true)
    const entries = exported.flatMap(([, entry]) => (typeof entry === 'string' ? [] : [entry]))
    expect(entries.length).toBeGreaterThan(0)
    for (const entry of entries) {
      expect(Object.keys(entry)[0]).toBe('types')
      for (const file of Object.values(entry)) expect(existsSync(join(path, file)), file).toBe(true)
    }
    for (const entry of Object.values((manifest.imports ?? {}) as Record<string, Record<string, string>>)) {
      for (const file of Object.values(entry)) expect(existsSync(join(path, file)), file).toBe(true)
    }
  })

  it('depends on what it may, and leaves the framework to its user', () => {
    expect(keysOf(manifest.dependencies)).toEqual(dependencies[folder])
    expect(keysOf(manifest.peerDependencies)).toEqual(peers[folder] ?? [])
    expect(manifest.optionalDependencies).toBeUndefined()
  })

  it('has the version of its siblings', () => {
    expect(manifest.version).toBe(all[0]?.manifest.version)
  })
})
