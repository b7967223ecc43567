import { type Claims, type ClaimsSchema, createResourceServer, type Principal, type ResourceServer } from '@behalf/core'
import * as onExpress from '@behalf/express'
import behalf, * as onFastify from '@behalf/fastify'
import * as onHono from '@behalf/hono'
import * as onKoa from '@behalf/koa'
import { type } from 'arktype'
import Fastify from 'fastify'
import { Hono } from 'hono'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { audience, createToken, trusted } from './token.js'

/** What every schema below makes of the claims. */
interface Tenancy {
  tenant: string
  seats: number
}

const schemas = {
  zod: z.object({ tenant: z.string(), seats: z.number() }),
  valibot: v.object({ tenant: v.string(), seats: v.number() }),
  arktype: type({ tenant: 'string', seats: 'number', '+': 'delete' }),
} as const

const options = { issuer: trusted, audience }

/** The same body for every library: what is inferred, then what happens. */
const describeSchema = (name: string, server: ResourceServer<Tenancy>): void => {
  describe(name, () => {
    const ask = (claims: Record<string, unknown>) =>
      server.authorize(new Request(audience, { headers: { Authorization: `Bearer ${createToken(claims)}` } }))

    test('a token that fits the schema is allowed, and its claims are what the schema made of them', async () => {
      const decision = await ask({ tenant: 'acme', seats: 7 })
      if (!decision.allowed) throw decision.error
      expectTypeOf(decision.principal.claims).toEqualTypeOf<Tenancy>()
      expect(decision.principal.claims).toEqual({ tenant: 'acme', seats: 7 })
      expect(decision.token.claims).toMatchObject({ iss: trusted.issuer, tenant: 'acme' })
    })

    test('a token that does not fit is claim_invalid, and says nothing of what did not fit', async () => {
      for (const claims of [{}, { tenant: 'acme' }, { tenant: 'acme', seats: '7' }, { tenant: null, seats: 7 }]) {
        const decision = await ask(claims)
        expect(decision).toMatchObject({ allowed: false, status: 401, error: { code: 'claim_invalid' } })
        expect(JSON.stringify(decision)).not.toContain('seats')
      }
    })
  })
}

describeSchema('zod', createResourceServer({ ...options, claims: schemas.zod }))
describeSchema('valibot', createResourceServer({ ...options, claims: schemas.valibot }))
describeSchema('arktype', createResourceServer({ ...options, claims: schemas.arktype }))

test('each schema types the resource server it is given to', () => {
  expectTypeOf(createResourceServer({ ...options, claims: schemas.zod })).toEqualTypeOf<ResourceServer<Tenancy>>()
  expectTypeOf(createResourceServer({ ...options, claims: schemas.valibot })).toEqualTypeOf<ResourceServer<Tenancy>>()
  expectTypeOf(createResourceServer({ ...options, claims: schemas.arktype })).toEqualTypeOf<ResourceServer<Tenancy>>()
  expectTypeOf(createResourceServer(options)).toEqualTypeOf<ResourceServer<Claims>>()
})

test('a schema that transforms types its output, not its input', async () => {
  const claims = z.object({ roles: z.string().transform((roles) => new Set(roles.split(','))) })
  const server = createResourceServer({ ...options, claims })
  expectTypeOf(server).toEqualTypeOf<ResourceServer<{ roles: Set<string> }>>()
  const decision = await server.authorize(
    new Request(audience, { headers: { Authorization: `Bearer ${createToken({ roles: 'reader,writer' })}` } }),
    { check: ({ claims: { roles } }) => roles.has('writer') },
  )
  expect(decision.allowed).toBe(true)
})

test('what a schema makes is frozen with the rest of the principal, because requests of one token share it', async () => {
  const claims = z.object({ roles: z.array(z.string()), team: z.object({ name: z.string() }) })
  const server = createResourceServer({ ...options, claims })
  const decision = await server.authorize(
    new Request(audience, {
      headers: { Authorization: `Bearer ${createToken({ roles: ['reader'], team: { name: 'a' } })}` },
    }),
  )
  if (!decision.allowed) throw decision.error
  const { principal } = decision
  for (const target of [principal.claims, principal.claims.roles, principal.claims.team]) {
    expect(Object.isFrozen(target), JSON.stringify(target)).toBe(true)
  }
})

test('a schema may change its input in place: the token keeps what the issuer wrote', async () => {
  const claims: ClaimsSchema<Record<string, unknown>> = {
    '~standard': {
      version: 1,
      vendor: 'here',
      validate: (value) => {
        const input = value as { iss?: string; roles: string[] } // as the token below has it
        delete input.iss
        input.roles.push('admin')
        return { value: input }
      },
    },
  }
  const server = createResourceServer({ ...options, claims })
  const decision = await server.authorize(
    new Request(audience, { headers: { Authorization: `Bearer ${createToken({ roles: ['reader'] })}` } }),
  )
  if (!decision.allowed) throw decision.error
  expect(decision.principal.claims).toMatchObject({ roles: ['reader', 'admin'] })
  expect(decision.principal.claims).not.toHaveProperty('iss')
  expect(decision.token.claims).toMatchObject({ iss: trusted.issuer, roles: ['reader'] })
})

test('an asynchronous schema is awaited', async () => {
  const claims = z.object({ tenant: z.string().refine(async (tenant) => tenant === 'acme') })
  const server = createResourceServer({ ...options, claims })
  const ask = (tenant: string) =>
    server.authorize(new Request(audience, { headers: { Authorization: `Bearer ${createToken({ tenant })}` } }))
  expect((await ask('acme')).allowed).toBe(true)
  expect((await ask('other')).allowed).toBe(false)
})

test('a schema written by hand is one too', () => {
  const claims: ClaimsSchema<Tenancy> = {
    '~standard': { version: 1, vendor: 'here', validate: () => ({ value: { tenant: 'acme', seats: 7 } }) },
  }
  expectTypeOf(createResourceServer({ ...options, claims })).toEqualTypeOf<ResourceServer<Tenancy>>()
})

test('requirements and handlers see the type', () => {
  const { protect, resourceServer } = onExpress.createGuard({ ...options, claims: schemas.zod })
  expectTypeOf(resourceServer).toEqualTypeOf<ResourceServer<Tenancy>>()
  protect({ check: ({ claims }) => claims.tenant === 'acme' && claims.seats > 1 })
  protect((req) => ({ subject: req.params.id ?? '', check: ({ claims }) => claims.seats > 1 }))

  const koa = onKoa.createGuard({ ...options, claims: schemas.valibot })
  koa.protect((ctx) => ({ check: ({ claims }) => claims.tenant === ctx.host }))
  expectTypeOf<onKoa.AuthState<Tenancy>['auth']>().toEqualTypeOf<Principal<Tenancy>>()

  const hono = onHono.createGuard({ ...options, claims: schemas.arktype })
  new Hono().get('/', hono.requireScope('billing:read'), (c) => {
    expectTypeOf(c.var.auth).toEqualTypeOf<Principal<Tenancy>>()
    return c.json(c.var.auth.claims.tenant)
  })
  expect([protect, koa.protect, hono.protect].every((guard) => typeof guard === 'function')).toBe(true)
})

test('where the framework types the request itself, getAuth takes the type from its caller', async () => {
  const app = Fastify()
  await app.register(behalf, { ...options, claims: schemas.zod })
  app.get('/', { onRequest: app.protect() }, (request) => {
    expectTypeOf(request.auth).toEqualTypeOf<Principal | null>()
    expectTypeOf(onFastify.getAuth(request)).toEqualTypeOf<Principal>()
    const auth = onFastify.getAuth<Tenancy>(request)
    expectTypeOf(auth).toEqualTypeOf<Principal<Tenancy>>()
    return auth.claims
  })
  const headers = { authorization: `Bearer ${createToken({ tenant: 'acme', seats: 7 })}` }
  expect((await app.inject({ url: '/', headers })).json()).toEqual({ tenant: 'acme', seats: 7 })
  await app.close()

  expectTypeOf(onExpress.getAuth).returns.toEqualTypeOf<Principal<unknown>>()
  expectTypeOf(onExpress.getAuth<Tenancy>).returns.toEqualTypeOf<Principal<Tenancy>>()
})

test('Fastify takes a resource server whose claims are typed', async () => {
  const server = createResourceServer({ ...options, claims: schemas.valibot })
  const app = Fastify()
  await app.register(behalf, server)
  expect(app.resourceServer).toBe(server)
  await app.close()
  await server.close()
})

test('a resource server made before keeps its type in every adapter', () => {
  const server = createResourceServer({ ...options, claims: schemas.zod })
  expectTypeOf(onExpress.createGuard(server).resourceServer).toEqualTypeOf<ResourceServer<Tenancy>>()
  expectTypeOf(onKoa.createGuard(server).resourceServer).toEqualTypeOf<ResourceServer<Tenancy>>()
  expectTypeOf(onHono.createGuard(server).resourceServer).toEqualTypeOf<ResourceServer<Tenancy>>()
  expect(onExpress.createGuard(server).resourceServer).toBe(server)
})
