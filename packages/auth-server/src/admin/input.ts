import type { z } from 'zod'
import { type InputFault, ProblemError } from './problem.js'

/** The three places a request brings values in. */
interface Input<T> {
  readonly params?: T
  readonly query?: T
  readonly body?: T
}

/**
 * Looks every value of a request over and names all that are wrong at once.
 *
 * @throws ProblemError `input_invalid`
 */
export function readInput(schemas: Input<z.ZodType | undefined>, values: Input<unknown>): Input<unknown> {
  const faults: InputFault[] = []

  function read(place: keyof Input<unknown>): unknown {
    const value = values[place]
    const schema = schemas[place]
    if (schema === undefined) {
      if (place === 'query') faults.push(...strangers(value))
      if (place === 'body' && value !== undefined) faults.push({ pointer: '#', detail: 'takes no body' })
      return undefined
    }
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    faults.push(...parsed.error.issues.map((issue) => describe(place, issue)))
    return undefined
  }

  const input = { params: read('params'), query: read('query'), body: read('body') }
  if (faults.length === 0) return input
  throw new ProblemError('input_invalid', faults.map(summarise).join('; '), faults)
}

/** A parameter that a route does not know is a mistake of the caller's, never ignored. */
function strangers(query: unknown): readonly InputFault[] {
  return Object.keys(query ?? {}).map((parameter) => ({ parameter, detail: 'is not known here' }))
}

function describe(place: keyof Input<unknown>, { path, message }: z.core.$ZodIssue): InputFault {
  if (place !== 'body') return { parameter: path.join('.'), detail: message }
  const pointer = path.map((part) => `/${encodeURIComponent(toReferenceToken(String(part)))}`).join('')
  return { pointer: `#${pointer}`, detail: message }
}

/** One step of a JSON Pointer (RFC 6901 section 3). */
function toReferenceToken(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1')
}

function summarise({ pointer, parameter, detail }: InputFault): string {
  return `${pointer ?? parameter}: ${detail}`
}
