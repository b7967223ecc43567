import { Refusal } from './refusal.js'

/** The parameters of a request, as they came: of one that was repeated, every value. */
export interface Parameters {
  /** @throws Refusal when it was sent more than once, is empty or too long */
  text(name: string): string | undefined
  /** Each value of a parameter that may be repeated. */
  texts(name: string): readonly string[]
}

/** Characters of the longest value. */
const maxLength = 16_384

/** Reads a parsed form. */
export function readParameters(form: Readonly<Record<string, unknown>> = {}): Parameters {
  function texts(name: string): readonly string[] {
    const value = Object.hasOwn(form, name) ? form[name] : undefined
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    return values
      .filter((each) => each !== undefined)
      .map((each) => {
        if (typeof each !== 'string' || each === '' || each.length > maxLength) {
          throw new Refusal('invalid_request', 'parameter_malformed', `${name} must be a text that is not empty`)
        }
        return each
      })
  }

  return {
    texts,
    text: (name) => {
      const [value, ...more] = texts(name)
      if (more.length > 0) {
        throw new Refusal('invalid_request', 'parameter_repeated', `${name} must not be sent more than once`)
      }
      return value
    },
  }
}
