import type { Answer } from '@behalf/example-stage'
import { textOf } from './members.js'

/**
 * What is missing in the trail of a task, in words: every tool that began ended, every call that an API let through had a token
 * that the auth server issued, and every token that it issued was asked for by an agent's client.
 *
 * @param decisions - of APIs about calls of this task, wherever they were found
 */
export function findGaps(task: readonly Answer[], decisions: readonly Answer[]): readonly string[] {
  const ofType = (type: string): readonly Answer[] => task.filter((event) => textOf(event, 'type') === type)
  const tokensOf = (events: readonly Answer[]): ReadonlySet<string> =>
    new Set(events.map((event) => textOf(event, 'token', 'jti')))

  const issued = ofType('delegation.issued')
  const [issuedTokens, requestedTokens] = [tokensOf(issued), tokensOf(ofType('token.requested'))]
  const allowed = decisions.filter((event) => textOf(event, 'decision') === 'allow')
  const known = new Set(task.map((event) => textOf(event, 'id')))
  const [started, finished] = [ofType('tool.started').length, ofType('tool.finished').length]

  return [
    ...(started > 0 && started === finished ? [] : [`${started} tools began and ${finished} ended`]),
    ...decisions.filter((event) => !known.has(textOf(event, 'id'))).map(nameOf('a decision that is not in the task')),
    ...allowed
      .filter((event) => !issuedTokens.has(textOf(event, 'token', 'jti')))
      .map(nameOf('a call whose token nobody issued')),
    ...issued
      .filter((event) => !requestedTokens.has(textOf(event, 'token', 'jti')))
      .map(nameOf('a token that no agent says it asked for')),
  ]
}

function nameOf(fault: string): (event: Answer) => string {
  return (event) => `${fault}: ${textOf(event, 'resource', 'aud')}`
}
