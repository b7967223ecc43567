import { ConfigurationError } from '@behalf/core'
import { ConflictError, InvalidInputError, NotFoundError } from '../errors.js'

/**
 * What is wrong with a configuration that was fine on paper: nothing answers at the database, the port is taken, an entry of
 * the seed refers to another that is missing. Anything else is returned as it is.
 *
 * @param option - the setting that was being used
 */
export function faultOfStart(option: string, error: unknown): unknown {
  if (error instanceof InvalidInputError || error instanceof ConflictError || error instanceof NotFoundError) {
    return new ConfigurationError('seed', `is wrong: ${error.message}`)
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  // of the operating system, or SQLSTATE
  return /^(?:E[A-Z]+|[0-9A-Z]{5})$/u.test(code) ? new ConfigurationError(option, `cannot be used: ${code}`) : error
}
