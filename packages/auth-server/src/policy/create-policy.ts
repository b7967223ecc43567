import { createCatalogue } from './catalogue.js'
import { situate } from './condition.js'
import type { ExplainedVerdict, MatchedRow, PolicyQuestion } from './decision.js'
import type { PolicyDocument } from './document.js'
import { lintDocument } from './lint.js'
import { type Foundation, matchRows } from './matched-rows.js'
import type { Policy } from './policy-store.js'
import { createRuleBook } from './rule-book.js'

/** What no row has anything to say about: never reached, and a refusal should it be. */
const nothing: MatchedRow = { row: 'unknownPermission', code: 'unknown_permission', allowed: false }

/**
 * Makes a document ready to answer.
 *
 * @param document - as `parseDocument` returned it
 */
export function createPolicy(
  document: PolicyDocument,
  { version, digest, adminResource }: Pick<Policy, 'version' | 'digest'> & { readonly adminResource: string },
): Policy {
  const catalogue = createCatalogue(document, adminResource)
  const denies = createRuleBook(document.rules, 'deny')
  const allows = createRuleBook(document.rules, 'allow')

  /** Asks about each permission of a question once. */
  function answer<Answer>(
    question: PolicyQuestion,
    answerOne: (name: string, foundation: Foundation) => Answer,
  ): readonly Answer[] {
    const situation = situate(question)
    const foundation = { catalogue, situation, denies: denies.open(situation), allows: allows.open(situation) }
    return [...new Set(question.scope)].map((name) => answerOne(name, foundation))
  }

  function explainOne(name: string, rows: readonly MatchedRow[]): ExplainedVerdict {
    const { row, code, allowed } = rows[0] ?? nothing
    return { name, allowed, code, row, permission: catalogue.permission(name), rows }
  }

  return {
    version,
    digest,
    document,
    decide: (question) => {
      const verdicts = answer(question, (name, foundation) => {
        for (const { row, code, allowed } of matchRows(foundation, name)) {
          return { name, allowed, code, row, permission: catalogue.permission(name) }
        }
        return { name, ...nothing }
      })
      return { allowed: isAllowed(verdicts), version, verdicts }
    },
    explain: (question) => {
      const permissions = answer(question, (name, foundation) => explainOne(name, [...matchRows(foundation, name)]))
      return { allowed: isAllowed(permissions), version, permissions }
    },
    permission: catalogue.permission,
    resource: catalogue.resource,
    lint: (facts) => lintDocument(document, catalogue, facts),
  }
}

function isAllowed(verdicts: readonly { readonly allowed: boolean }[]): boolean {
  return verdicts.length > 0 && verdicts.every(({ allowed }) => allowed)
}
