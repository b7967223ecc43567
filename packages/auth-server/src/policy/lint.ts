import type { Catalogue } from './catalogue.js'
import type { PolicyDocument } from './document.js'
import { lintNames } from './lint-names.js'
import { lintRules } from './lint-rules.js'
import { lintUse } from './lint-use.js'

/** What lint found. Nothing of it keeps a document from being used. */
export type FindingCode =
  /** An earlier row of the same effect always decides. */
  | 'shadowed_rule'
  /** It can never match, or never count. */
  | 'unreachable_rule'
  /** It allows without naming an agent or role, or without naming a permission. */
  | 'broad_allow'
  /** A name that no agent, person, client, tool, role or permission has. */
  | 'unknown_name'
  /** No agent has it. */
  | 'unused_role'
  /** It gives nothing: it is empty, or rules deny all of it. */
  | 'unusable_role'
  /** Neither a role nor an allow rule gives it. */
  | 'unused_permission'
  /** No permission belongs to it. */
  | 'unused_resource'
  /** One that it includes downstream demands a fresher sign-in than it does itself: the API in between cannot ask for one. */
  | 'stricter_downstream'
  /** It reads as if it meant everything; it means itself alone. */
  | 'wildcard_scope'

export interface Finding {
  readonly code: FindingCode
  /** As in a verdict: `rules.no-refunds-at-night`. */
  readonly row: string
  readonly text: string
  /** The row that makes it so. */
  readonly other?: string
}

/** The agents, people and clients there are. A kind left out is not looked at. */
export interface PolicyFacts {
  readonly agents?: readonly {
    readonly id: string
    readonly status: 'active' | 'suspended' | 'retired'
    readonly roles: readonly string[]
    readonly ceiling: readonly string[] | null
  }[]
  readonly accounts?: readonly { readonly subject: string; readonly permissions: readonly string[] }[]
  readonly clients?: readonly { readonly id: string }[]
}

/** What is odd about a document, kind by kind. */
export function lintDocument(
  document: PolicyDocument,
  catalogue: Catalogue,
  facts: PolicyFacts = {},
): readonly Finding[] {
  return [
    ...lintRules(document, catalogue),
    ...lintUse(document, catalogue, facts),
    ...lintNames(document, catalogue, facts),
  ]
}
