import { DelegationError, problemCodeOf } from '@behalf/agent'

/** What code may know of an answer that refuses. */
export interface RefusedAnswer {
  readonly status: number
  /** `code` of the problem document; undefined where it names none. */
  readonly code: string | undefined
}

/** The error of an answer that refuses (401, 403); what the API says in its own words stays behind. */
export async function describeRefusedAnswer(response: Response): Promise<DelegationError> {
  const { status } = response
  const cause: RefusedAnswer = { status, code: await problemCodeOf(response) }
  return status === 403
    ? new DelegationError('access_refused', 'The API refuses this call.', { cause })
    : new DelegationError('token_refused', 'The API no longer takes the token.', { cause })
}

/** What is known of the answer behind an error; undefined where there was none. */
export function refusedAnswerOf({ cause }: DelegationError): RefusedAnswer | undefined {
  // made above alone: no other error has a cause with these members
  return typeof cause === 'object' && cause !== null && 'status' in cause ? (cause as RefusedAnswer) : undefined
}
