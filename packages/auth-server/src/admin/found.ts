import { NotFoundError } from '../errors.js'

/**
 * What was looked for.
 *
 * @param what - for the refusal: `agent`
 * @throws NotFoundError
 */
export async function found<T>(looking: Promise<T | undefined>, what: string): Promise<T> {
  const value = await looking
  if (value === undefined) throw new NotFoundError(`There is no such ${what}.`)
  return value
}
