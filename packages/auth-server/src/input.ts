import { z } from 'zod'
import { InvalidInputError } from './errors.js'

const maxNames = 1_000

/** A line that people read: no control characters, nothing that turns the text around it. */
export const line: z.ZodString = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, 'must be one line of plain text')

/** Several lines that people read. */
export const lines: z.ZodString = z
  .string()
  .max(2_000)
  .regex(/^(?:[^\p{Cc}\p{Cf}]|[\t\n])*$/u, 'must be plain text')

/** Names of roles or permissions, each once: what a scope value can hold (RFC 6749 section 3.3). */
export const names: z.ZodType<string[]> = z
  .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/u, 'must be a name without spaces'))
  .max(maxNames)
  .refine((list) => new Set(list).size === list.length, 'must name each once')

/**
 * What a schema makes of a value from outside.
 *
 * @throws InvalidInputError that names what is wrong, never its value
 */
export function readInput<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const faults = read.error.issues.map(({ path, message }) => `${[what, ...path].join('.')}: ${message}`)
  throw new InvalidInputError(faults.join('; '))
}
