import type { PolicyDecision, PolicyQuestion } from './decision.js'
import type { PolicyDocument } from './document.js'

/** One version of the policy, ready to answer. */
export interface Policy {
  readonly version: number
  readonly document: PolicyDocument
  decide(question: PolicyQuestion): PolicyDecision
}

/** The policy and its versions. */
export interface PolicyStore {
  /** The newest version, also when another process made it a moment ago. */
  current(): Promise<Policy>
  /** An earlier version. */
  at(version: number): Promise<Policy | undefined>
  /**
   * Makes a document the newest version; it counts from the next token on.
   *
   * @param expectedVersion - the version it was made from; another one since is a conflict
   * @throws InvalidInputError when the document is wrong, StaleVersionError
   */
  replace(document: unknown, change: { readonly by: string; readonly expectedVersion?: number }): Promise<Policy>
}
