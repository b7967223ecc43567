import { type DelegationError, type Interaction, InteractionRequiredError } from '@behalf/agent'
import { ToolMessage } from '@langchain/core/messages'
import { refusedAnswerOf } from './refused-answer.js'
import type { ToolCallContext } from './tool-call.js'

/** How a call of a tool ended that was not made. */
export type RefusalOutcome =
  | 'consent_needed'
  | 'approval_needed'
  | 'sign_in_needed'
  | 'declined'
  | 'refused'
  | 'ended'
  | 'unavailable'

/** Why a call was not made, for code: the `artifact` of the tool's message. The model sees a constant text instead. */
export interface Refusal {
  readonly type: 'behalf-refusal'
  readonly outcome: RefusalOutcome
  readonly tool: string
  /** Code of the `DelegationError`: an error code of OAuth, or one of the client's own. */
  readonly code: string
  /** What a person has to do first. */
  readonly interaction?: Interaction
  /** What the API answered, where it was the API that refused, and its word for it. */
  readonly status?: number
  readonly reason?: string
}

/** What the model is told. Constant: neither a token nor what somebody else wrote is in it. */
const texts: Readonly<Record<RefusalOutcome, string>> = {
  consent_needed:
    'Not done: the person you act for has to agree first. Tell them so, and do not call this tool again before they have.',
  approval_needed:
    'Not done: those who decide what you may do have to approve it first. Tell the person you act for, and do not call this tool again before they have.',
  sign_in_needed:
    'Not done: the person you act for has to sign in again first. Tell them so, and do not call this tool again before they have.',
  declined: 'Not done: the person you act for did not agree. Do not try again.',
  refused:
    'Not done: you are not allowed to do this. Do not try again, and do not look for another way. Tell the person.',
  ended: 'Not done: your access has ended. Do not try again, and call no other tool for it. Tell the person.',
  unavailable: 'Not done: this is out of order at the moment. Do not try again now. Tell the person.',
}

/** Codes that are a fault of this side or of the server, and no decision. */
const faults = new Set([
  'configuration',
  'invalid_client',
  'key_unavailable',
  'server_unavailable',
  'server_misbehaves',
  'server_not_accepted',
  'subject_unavailable',
])

const needs = { consent: 'consent_needed', approval: 'approval_needed', sign_in: 'sign_in_needed' } as const

/** Codes that say: what was given is over. */
const endings = new Set(['invalid_grant', 'invalid_request', 'login_required', 'subject_missing', 'token_refused'])

/** What became of a call that ended with this error. */
export function createRefusal({ tool }: ToolCallContext, error: DelegationError, isDeclined: boolean): Refusal {
  const answer = refusedAnswerOf(error)
  return {
    type: 'behalf-refusal',
    outcome: isDeclined ? 'declined' : outcomeOf(error),
    tool,
    code: error.code,
    ...(error instanceof InteractionRequiredError && { interaction: error.interaction }),
    ...(answer !== undefined && { status: answer.status }),
    ...(answer?.code !== undefined && { reason: answer.code }),
  }
}

/** The message the model gets. */
export function createRefusalMessage(refusal: Refusal, toolCallId: string): ToolMessage {
  return new ToolMessage({
    content: texts[refusal.outcome],
    tool_call_id: toolCallId,
    name: refusal.tool,
    status: 'error',
    artifact: refusal,
  })
}

/** Why the call behind a message was not made; undefined for any other message. */
export function refusalOf(message: object): Refusal | undefined {
  const artifact = 'artifact' in message ? message.artifact : undefined
  const isRefusal =
    typeof artifact === 'object' && artifact !== null && 'type' in artifact && artifact.type === 'behalf-refusal'
  // what carries this mark was made above
  return isRefusal ? (artifact as Refusal) : undefined
}

function outcomeOf(error: DelegationError): RefusalOutcome {
  if (error instanceof InteractionRequiredError) return needs[error.interaction.kind]
  if (error.isTransient || faults.has(error.code)) return 'unavailable'
  return endings.has(error.code) ? 'ended' : 'refused'
}
