import { ConfigurationError, createRevocationList } from '@behalf/core'
import { createGuard as createExpressGuard } from '@behalf/express'
import { createGuard as createPlainExpressGuard } from '@behalf/express/no-augment'
import behalf from '@behalf/fastify'
import { createGuard as createHonoGuard } from '@behalf/hono'
import { createGuard as createKoaGuard } from '@behalf/koa'
import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { createScene } from './scene.js'

interface Guards {
  readonly protect: (requirement?: unknown) => unknown
  readonly requireScope: (...scopes: unknown[]) => unknown
  readonly requireAnyScope: (...scopes: unknown[]) => unknown
  readonly metadata: () => unknown
  readonly securityEvents: () => unknown
}

const { options } = createScene()

/** What each adapter makes of the same options, without the types that would refuse them. */
const adapters: Record<string, (options: unknown) => Guards | Promise<Guards>> = {
  express: (given) => createExpressGuard(given as typeof options) as Guards,
  'express/no-augment': (given) => createPlainExpressGuard(given as typeof options) as Guards,
  fastify: async (given) => (await fastify().register(behalf, given as typeof options)) as unknown as Guards,
  hono: (given) => createHonoGuard(given as typeof options) as Guards,
  koa: (given) => createKoaGuard(given as typeof options) as Guards,
}

describe.each(Object.entries(adapters))('%s', (_name, create) => {
  it('has the same makers of guards and its resource server', async () => {
    const guard = await create(options)
    for (const name of ['protect', 'requireScope', 'requireAnyScope', 'metadata', 'securityEvents']) {
      expect(guard).toHaveProperty(name, expect.any(Function))
    }
    expect(guard).toHaveProperty('resourceServer.authorize', expect.any(Function))
  })

  it('makes guards that need no receiver', async () => {
    const { protect, requireScope, requireAnyScope, metadata } = await create(options)
    for (const made of [protect(), protect({ scope: 'a' }), requireScope('a', 'b'), requireAnyScope('a', 'b')]) {
      expect(made).toEqual(expect.any(Function))
    }
    expect(metadata()).toBeTruthy()
  })

  it.each([
    ['no scope', (guard: Guards) => guard.requireScope()],
    ['no scope of several', (guard: Guards) => guard.requireAnyScope()],
    ['an empty scope', (guard: Guards) => guard.requireScope('')],
    ['two scopes in one', (guard: Guards) => guard.requireScope('a b')],
    ['a list of scopes', (guard: Guards) => guard.requireScope(['a'])],
    ['a number among scopes', (guard: Guards) => guard.requireAnyScope('a', 1)],
    ['no requirement', (guard: Guards) => guard.protect(null)],
    ['a list for a requirement', (guard: Guards) => guard.protect([])],
    ['a promise for a requirement', (guard: Guards) => guard.protect(Promise.resolve({ scope: 'a' }))],
    ['a misspelt requirement', (guard: Guards) => guard.protect({ scopes: 'a' })],
    ['a requirement without a value', (guard: Guards) => guard.protect({ subject: undefined })],
  ])('refuses %s at start-up', async (_what, make) => {
    const guard = await create(options)
    expect(() => make(guard)).toThrow(ConfigurationError)
  })

  it.each([
    ['no options', undefined],
    ['no audience', { issuer: 'https://auth.example.com' }],
    ['no issuer', { audience: 'https://api.example.com' }],
    ['an unknown option', { ...options, credentialsRequired: false }],
    ['a symmetric algorithm', { ...options, algorithms: ['HS256'] }],
  ])('refuses %s at start-up', async (_what, given) => {
    await expect(async () => create(given)).rejects.toThrow(ConfigurationError)
  })

  it('refuses to receive security events that would have no effect', async () => {
    const guard = await create(options)
    expect(() => guard.securityEvents()).toThrow(ConfigurationError)
    const { securityEvents } = await create({ ...options, securityEvents: { revocations: createRevocationList() } })
    expect(securityEvents()).toEqual(expect.any(Function))
  })

  it('refuses to publish the metadata of an API without a URL', async () => {
    const guard = await create({ ...options, audience: 'billing' })
    expect(() => guard.metadata()).toThrow(ConfigurationError)
  })
})
