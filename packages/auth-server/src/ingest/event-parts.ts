import { z } from 'zod'

/** Longer than any text that a guard or an agent writes; empty where a token says nothing. */
export const text: z.ZodString = z.string().max(500)

/** More than the scopes that find room in an event. */
export const texts: z.ZodArray<z.ZodString> = z.array(text).max(128)

export const count: z.ZodInt = z.int().min(0)

export const duration: z.ZodNumber = z.number().min(0)

/** A number that a token names. JSON has no word for one beyond all bounds but `null`. */
export const claimed: z.ZodOptional<z.ZodNullable<z.ZodNumber>> = z.number().nullish()

/** A word of a closed table. */
export const code: z.ZodString = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/u)

const name = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/u)

/** What every event has. What an event has beyond its schema is not kept. */
export const common = {
  schema: z.literal('delegation-audit/1'),
  id: z.uuid(),
  time: z.iso.datetime(),
  observer: z.object({ service: name.optional(), instance: name.optional() }).optional(),
} as const

export const outcome: z.ZodEnum<{ allow: 'allow'; deny: 'deny'; error: 'error' }> = z.enum(['allow', 'deny', 'error'])

export const mode: z.ZodEnum<{ delegated: 'delegated'; direct: 'direct' }> = z.enum(['delegated', 'direct'])

/** What every event says of a token. The digest is one: there is no place for the token itself. */
export const tokenParts = {
  sha256: z.string().regex(/^[\w-]{22}$/u),
  iss: text.optional(),
  jti: text.optional(),
  iat: claimed,
  exp: claimed,
  bound: z.enum(['dpop', 'mtls']).optional(),
} as const

/** W3C Trace Context. */
export const trace = z
  .object({ trace_id: z.string().regex(/^[\da-f]{32}$/u), span_id: z.string().regex(/^[\da-f]{16}$/u) })
  .optional()
