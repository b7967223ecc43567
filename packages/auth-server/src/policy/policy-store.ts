import type { Explanation, PolicyDecision, PolicyQuestion } from './decision.js'
import type { Permission, PolicyDocument, ResourceEntry } from './document.js'
import type { Finding, PolicyFacts } from './lint.js'

/** One version of the policy, ready to answer. */
export interface Policy {
  /** 0 before there is any: everything is refused. */
  readonly version: number
  /** SHA-256 of the document, base64url. */
  readonly digest: string
  /** Frozen, names in order. */
  readonly document: PolicyDocument
  decide(question: PolicyQuestion): PolicyDecision
  /** The same decision, with every row that matched. */
  explain(question: PolicyQuestion): Explanation
  /** A permission of the document, or one of the admin API. */
  permission(name: string): Permission | undefined
  /** An API of the document, or the admin API. */
  resource(indicator: string): ResourceEntry | undefined
  /** What is odd about the document. With facts, also what does not fit the agents and people there are. */
  lint(facts?: PolicyFacts): readonly Finding[]
}

/** A version, without its document. */
export interface PolicyVersion {
  readonly version: number
  readonly digest: string
  readonly createdBy: string
  readonly createdAt: number
}

/** What a candidate document would change. */
export interface DryRun {
  /** Version it was held against. */
  readonly version: number
  /** Whether any of the questions gets another answer or another reason. */
  readonly changed: boolean
  readonly answers: readonly {
    readonly question: PolicyQuestion
    readonly changed: boolean
    readonly before: Explanation
    readonly after: Explanation
  }[]
}

/** The policy and its versions. */
export interface PolicyStore {
  /** The number of the version that {@link PolicyStore.current} returned last; 0 before. */
  lastRead(): number
  /** The newest version, also when another process made it a moment ago. */
  current(): Promise<Policy>
  /** An earlier version. */
  at(version: number): Promise<Policy | undefined>
  /** Newest first; `before` is the last version of the page before. */
  versions(page: { readonly before?: number; readonly limit: number }): Promise<readonly PolicyVersion[]>
  /**
   * Makes a document the newest version; it counts from the next token on. The same document as the newest makes none.
   *
   * @param expectedVersion - the version it was made from; another one since is a conflict
   * @throws InvalidInputError when the document is wrong, StaleVersionError
   */
  replace(document: unknown, change: { readonly by: string; readonly expectedVersion?: number }): Promise<Policy>
  /**
   * What would happen if a document were the policy. Nothing is kept.
   *
   * @throws InvalidInputError when the document is wrong
   */
  dryRun(document: unknown, questions: readonly PolicyQuestion[]): Promise<DryRun>
}
