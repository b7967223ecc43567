export type { ToolFacts } from './audit/describe.js'
export type {
  AgentAuditSink,
  AgentEvent,
  AgentWarning,
  Outcome,
  TokenEvent,
  ToolFinishedEvent,
  ToolPart,
  ToolStartedEvent,
} from './audit/event.js'
export type { DelegatedCall } from './delegated-fetch.js'
export { createDelegationClient, type DelegationClient } from './delegation-client.js'
export { environmentKey } from './environment-key.js'
export {
  DelegationError,
  type DelegationErrorCode,
  type DelegationErrorOptions,
  type Interaction,
  InteractionRequiredError,
} from './errors.js'
export { type ClientKey, generatedKey, type KeyAlgorithm, type KeySource, keyFrom } from './key-source.js'
export type { DelegationClientOptions } from './options.js'
export { problemCodeOf } from './problem.js'
export type { AuthorizationDetail, DelegationRequest } from './request.js'
export type { DelegationToken } from './token.js'
