// Each line under a `@ts-expect-error` must not compile: the build fails when one does. Each has a twin that does.
import {
  createResourceServer,
  type Decision,
  type ErrorCode,
  type Principal,
  type Requirement,
  type SigningAlgorithm,
  type VerifiedToken,
} from '@behalf/core'
import * as onExpress from '@behalf/express'
import * as onHono from '@behalf/hono'
import * as onKoa from '@behalf/koa'
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import { z } from 'zod'
import { audience, trusted } from './token.js'

const options = { issuer: trusted, audience }
interface Roles {
  roles: string[]
}
declare const principal: Principal
declare const decision: Decision
declare const token: VerifiedToken
declare const typed: Principal<Roles>

// required is required
createResourceServer({ issuer: 'https://auth.example.com', audience })
// @ts-expect-error: no audience
createResourceServer({ issuer: 'https://auth.example.com' })
// @ts-expect-error: no issuer
createResourceServer({ audience })
// @ts-expect-error: no options
createResourceServer()
// @ts-expect-error: audience undefined
createResourceServer({ ...options, audience: undefined })
// @ts-expect-error: audience as a list
createResourceServer({ ...options, audience: [audience] })
// @ts-expect-error: an issuer without its name
createResourceServer({ ...options, issuer: { jwksUri: 'https://auth.example.com/jwks' } })
// @ts-expect-error: no audience, in an adapter
onExpress.createGuard({ issuer: 'https://auth.example.com' })
// @ts-expect-error: no audience, in an adapter
onKoa.createGuard({ issuer: 'https://auth.example.com' })
// @ts-expect-error: no audience, in an adapter
onHono.createGuard({ issuer: 'https://auth.example.com' })

// algorithms
createResourceServer({ ...options, algorithms: ['ES256', 'EdDSA'] })
// @ts-expect-error: a symmetric algorithm
createResourceServer({ ...options, algorithms: ['HS256'] })
// @ts-expect-error: a symmetric algorithm among good ones
createResourceServer({ ...options, algorithms: ['ES256', 'HS256'] })
// @ts-expect-error: none
createResourceServer({ ...options, algorithms: ['none'] })
// @ts-expect-error: another case
createResourceServer({ ...options, algorithms: ['es256'] })
// @ts-expect-error: one algorithm, not in a list
createResourceServer({ ...options, algorithms: 'ES256' })
// @ts-expect-error: a symmetric algorithm of one issuer
createResourceServer({ audience, issuer: { ...trusted, algorithms: ['HS256'] } })
export const algorithm: SigningAlgorithm = 'Ed25519'
// @ts-expect-error: the type itself
export const symmetric: SigningAlgorithm = 'HS256'

// options
createResourceServer({ ...options, clockTolerance: 5, tokenCache: false, keySet: { cacheMaxAge: 1000 } })
// @ts-expect-error: an unknown option
createResourceServer({ ...options, clockSkew: 5 })
// @ts-expect-error: an unknown member of an option
createResourceServer({ ...options, keySet: { maxAge: 1000 } })
// @ts-expect-error: a switch that does not exist
createResourceServer({ ...options, tokenCache: true })
// @ts-expect-error: not a schema
createResourceServer({ ...options, claims: { tenant: 'string' } })
// @ts-expect-error: a sink without record
createResourceServer({ ...options, audit: { flush: () => {} } })
// @ts-expect-error: required without a sink
createResourceServer({ ...options, audit: { required: true } })

// requirements
export const requirement: Requirement = {
  scope: 'billing:read',
  delegation: 'required',
  actor: ['agent:support'],
  subject: 'user_1',
}
// @ts-expect-error: an unknown member
export const unknown: Requirement = { scopes: ['billing:read'] }
// @ts-expect-error: scope as a boolean
export const flag: Requirement = { scope: true }
// @ts-expect-error: a scope that may be missing
export const missing: Requirement = { scope: ['billing:read', undefined] }
// @ts-expect-error: delegation as a boolean
export const delegated: Requirement = { delegation: true }
// @ts-expect-error: a third way of delegation
export const optional: Requirement = { delegation: 'optional' }
// @ts-expect-error: a check that answers no boolean
export const vague: Requirement = { check: () => 'yes' }
// @ts-expect-error: an actor rule that answers later
export const late: Requirement = { actor: async () => true }
// @ts-expect-error: a number for a subject
export const numeric: Requirement = { subject: 42 }

const express = onExpress.createGuard(options)
express.requireScope('billing:read', 'billing:write')
express.requireAnyScope('billing:read')
// @ts-expect-error: no scope
express.requireScope()
// @ts-expect-error: no scope
express.requireAnyScope()
// @ts-expect-error: scope as a boolean
express.requireScope(true)
// @ts-expect-error: a list instead of words
express.requireScope(['billing:read'])
// @ts-expect-error: an unknown member
express.protect({ permission: 'billing:read' })
// @ts-expect-error: an unknown value, from a function
express.protect(() => ({ delegation: 'maybe' }))
express.protect((req) => ({ subject: req.params.id ?? '' }))

const koa = onKoa.createGuard(options)
koa.requireScope('billing:read')
// @ts-expect-error: no scope
koa.requireScope()
// @ts-expect-error: an unknown member
koa.protect({ permission: 'billing:read' })

const hono = onHono.createGuard(options)
hono.requireScope('billing:read')
// @ts-expect-error: no scope
hono.requireScope()
// @ts-expect-error: an unknown member
hono.protect({ permission: 'billing:read' })

// the caller
export const actor: string | undefined = principal.actor?.subject
// @ts-expect-error: the chain is not on the principal: nothing may be decided on prior actors
export const chain = principal.delegation
// @ts-expect-error: nor inside the actor
export const prior = principal.actor?.actor
// @ts-expect-error: nor under its claim name
export const act = principal.act
export const whole: readonly unknown[] = token.delegation
// @ts-expect-error: an actor is not always there
export const certain: string = principal.actor.subject
// @ts-expect-error: it cannot be changed
principal.subject = 'user_2'
// @ts-expect-error: it cannot be changed
principal.claims.tenant = 'other'
export const claim: unknown = principal.claims.tenant
// @ts-expect-error: without a schema a claim has no type
export const text: string = principal.claims.tenant
export const roles: string[] = typed.claims.roles
// @ts-expect-error: a claim the schema does not know
export const tenant = typed.claims.tenant

// decisions
export const reason: ErrorCode | 'allowed' = decision.allowed ? 'allowed' : decision.error.code
// @ts-expect-error: nobody is known before the decision is looked at
export const early = decision.principal
// @ts-expect-error: an allowed decision has no error
export const both = decision.allowed && decision.error
// @ts-expect-error: a code that does not exist
export const code: ErrorCode = 'unauthorized'

// schemas and resource servers do not mix
const withRoles = createResourceServer({ ...options, claims: z.object({ roles: z.array(z.string()) }) })
onExpress.createGuard(withRoles).protect({ check: ({ claims }) => claims.roles.includes('admin') })
// @ts-expect-error: a claim the schema does not know
onExpress.createGuard(withRoles).protect({ check: ({ claims }) => claims.groups.includes('admin') })
// @ts-expect-error: a claim of the wrong type
onExpress.createGuard(withRoles).protect({ check: ({ claims }) => claims.roles === 'admin' })

// Model Context Protocol
export const info: AuthInfo = principal
export const typedInfo: AuthInfo = typed
// @ts-expect-error: what MCP knows is less than what Behalf knows
export const back: Principal = info
