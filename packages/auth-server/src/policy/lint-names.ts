import type { Catalogue } from './catalogue.js'
import type { PolicyDocument, Rule } from './document.js'
import type { Finding, PolicyFacts } from './lint.js'
import { unknownPermissions } from './references.js'

/** Names of things outside the document that are not there, and names of the document that things outside still have. */
export function lintNames(document: PolicyDocument, { tools }: Catalogue, facts: PolicyFacts): readonly Finding[] {
  return [
    ...ruleNames(document, 'tools', tools),
    ...ruleNames(document, 'agents', facts.agents && new Set(facts.agents.map(({ id }) => id))),
    ...ruleNames(document, 'subjects', facts.accounts && new Set(facts.accounts.map(({ subject }) => subject))),
    ...clientNames(document, facts),
    ...agentNames(document, facts),
    ...(facts.accounts ?? []).flatMap(({ subject, permissions }) =>
      unknownPermissions(document, permissions).map((name) =>
        unknown(`accounts.${subject}.permissions`, 'permission', name),
      ),
    ),
  ]
}

function ruleNames(
  { rules }: PolicyDocument,
  member: 'tools' | 'agents' | 'subjects',
  known: ReadonlySet<string> | undefined,
): readonly Finding[] {
  if (known === undefined) return []
  const names = ({ when }: Rule): readonly string[] => (when[member] ?? []).filter((name) => !known.has(name))
  return rules.flatMap((rule) =>
    names(rule).map((name) => unknown(`rules.${rule.id}.when.${member}`, member.slice(0, -1), name)),
  )
}

function clientNames({ resources }: PolicyDocument, { clients }: PolicyFacts): readonly Finding[] {
  if (clients === undefined) return []
  const known = new Set(clients.map(({ id }) => id))
  return Object.entries(resources).flatMap(([indicator, entry]) =>
    (entry.clients ?? [])
      .filter((id) => !known.has(id))
      .map((id) => unknown(`resources.${indicator}.clients`, 'client', id)),
  )
}

function agentNames(document: PolicyDocument, { agents = [] }: PolicyFacts): readonly Finding[] {
  return agents.flatMap(({ id, roles, ceiling }) => [
    ...roles
      .filter((role) => !Object.hasOwn(document.roles, role))
      .map((role) => unknown(`agents.${id}.roles`, 'role', role)),
    ...unknownPermissions(document, ceiling ?? []).map((name) => unknown(`agents.${id}.ceiling`, 'permission', name)),
  ])
}

function unknown(row: string, what: string, name: string): Finding {
  return { code: 'unknown_name', row, text: `no ${what} ${name}` }
}
