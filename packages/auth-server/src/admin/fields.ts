import { z } from 'zod'
import { line, names } from '../input.js'

/** Characters of an identifier that somebody chooses. */
const longestIdentifier = 200

/** Names one thing: printable, without spaces, quotes or backslashes. */
export const identifier: z.ZodString = z
  .string()
  .max(longestIdentifier)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/u, 'must be printable characters without spaces, quotes or backslashes')

/** What an answer names, whatever it looks like. */
export const text: z.ZodString = z.string()

/** A moment: whole seconds since the epoch. */
export const moment: z.ZodNumber = z.number().describe('Seconds since the epoch.')

/** A moment in a query. */
export const momentParameter: z.ZodOptional<z.ZodCoercedNumber> = z.coerce.number().int().min(0).optional()

/** A filter of a search. */
export const filter: z.ZodOptional<z.ZodString> = z.string().min(1).max(500).optional()

/** A list in an answer. */
export function listOf<Item extends z.ZodType>(item: Item): z.ZodReadonly<z.ZodArray<Item>> {
  return z.array(item).readonly()
}

/** The parameter of a path that names one thing. */
export const idParams: z.ZodObject<{ id: z.ZodString }> = z.object({ id: z.string().min(1).max(500) })

/** Why something is taken back, in words for the trail and the APIs. */
export const reasonBody: z.ZodPrefault<z.ZodObject<{ reason: z.ZodDefault<z.ZodString> }, z.core.$strict>> = z
  .strictObject({ reason: line.default('withdrawn by an administrator') })
  .prefault({})

export { line, names }
