import { InvalidInputError } from '../errors.js'
import type { Grants } from './grant.js'

/** Seconds a window stays open at most: a week. */
const longestDuration = 604_800

/** Uses at most, where they are counted. */
const mostUses = 1_000_000

/** Characters of a justification. */
const longestJustification = 500

/** Permissions in one request. */
const mostPermissions = 100

type GrantRequest = Parameters<Grants['request']>[0]

/**
 * A request as it is kept: its justification on one line, without characters that are not seen, its scope sorted.
 *
 * @throws InvalidInputError
 */
export function readGrantRequest(request: GrantRequest): GrantRequest {
  const justification = oneLine(request.justification)
  if (justification === '') throw new InvalidInputError('justification: say why, in words')
  if (justification.length > longestJustification) {
    throw new InvalidInputError(`justification: at most ${longestJustification} characters`)
  }
  const scope = [...new Set(request.scope)].sort()
  if (scope.length === 0 || scope.length > mostPermissions) {
    throw new InvalidInputError(`scope: 1 to ${mostPermissions} permissions`)
  }
  if (!isWhole(request.duration, longestDuration)) {
    throw new InvalidInputError(`duration: whole seconds, 1 to ${longestDuration}`)
  }
  if (request.maxUses !== null && !isWhole(request.maxUses, mostUses)) {
    throw new InvalidInputError(`maxUses: a whole number, 1 to ${mostUses}, or null`)
  }
  return { ...request, justification, scope }
}

/** Text that someone else wrote, on one line, without control and formatting characters (which can turn its direction around). */
export function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/gu, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, '')
    .trim()
}

function isWhole(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most
}
