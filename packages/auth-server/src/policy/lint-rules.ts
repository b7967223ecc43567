import type { Catalogue } from './catalogue.js'
import { type Coverage, coverageOf, createCoverageIndex } from './coverage.js'
import type { PolicyDocument, Rule } from './document.js'
import type { Finding } from './lint.js'

interface Entry {
  readonly rule: Rule
  readonly place: number
  readonly coverage: Coverage
}

/** Rules that never match, never count, or count for more than they seem to. */
export function lintRules(document: PolicyDocument, catalogue: Catalogue): readonly Finding[] {
  const entries = document.rules.map(
    (rule, place): Entry => ({ rule, place, coverage: coverageOf(rule.when, catalogue) }),
  )
  const denies = createCoverageIndex(entries.filter(({ rule }) => rule.effect === 'deny'))
  const allows = createCoverageIndex(entries.filter(({ rule }) => rule.effect === 'allow'))

  function find(entry: Entry): Finding | undefined {
    const row = `rules.${entry.rule.id}`
    const fault = faultOf(entry, catalogue)
    if (fault !== undefined) return { code: 'unreachable_rule', row, text: fault }
    const deny = denies.firstCovering(entry.coverage)
    if (entry.rule.effect === 'allow') {
      if (deny !== undefined) {
        const text = 'a deny refuses everything that it allows'
        return { code: 'unreachable_rule', row, text, other: `rules.${deny.rule.id}` }
      }
      return earlier(entry, allows.firstCovering(entry.coverage)) ?? inRoles(entry, catalogue)
    }
    return earlier(entry, deny)
  }

  return entries.flatMap((entry) => [find(entry), broad(entry.rule)].filter((finding) => finding !== undefined))
}

/** Why a rule can never match. */
function faultOf({ rule: { when, effect }, coverage }: Entry, catalogue: Catalogue): string | undefined {
  if (coverage.when.permissions?.length === 0) return 'no permission fits its permissions, resources and risks'
  if (when.mode === 'direct' && (when.subjects !== undefined || when.acrNot !== undefined)) {
    return 'direct access has no person'
  }
  const { tools } = when
  if (tools === undefined) return undefined
  const names = coverage.when.permissions ?? catalogue.permissions.keys()
  for (const name of names) {
    const permission = catalogue.permission(name)
    if (permission === undefined) continue
    if (effect === 'deny' && permission.tools === undefined) return undefined
    if (tools.some((tool) => catalogue.toolMayUse(tool, permission))) return undefined
  }
  return 'none of its tools may use any of its permissions'
}

function earlier({ rule, place }: Entry, other: Entry | undefined): Finding | undefined {
  if (other === undefined || other.place > place) return undefined
  const text = 'an earlier rule matches whatever it matches'
  return { code: 'shadowed_rule', row: `rules.${rule.id}`, text, other: `rules.${other.rule.id}` }
}

function inRoles({ rule, coverage }: Entry, catalogue: Catalogue): Finding | undefined {
  const { roles, permissions } = coverage.when
  if (roles === undefined || permissions === undefined) return undefined
  if (!roles.every((role) => permissions.every((name) => catalogue.roleHas(role, name)))) return undefined
  const text = 'its roles have these permissions anyway'
  return { code: 'shadowed_rule', row: `rules.${rule.id}`, text, other: `roles.${roles[0] ?? ''}` }
}

function broad({ id, effect, when }: Rule): Finding | undefined {
  if (effect === 'deny') return undefined
  const row = `rules.${id}`
  if (when.agents === undefined && when.roles === undefined) {
    return { code: 'broad_allow', row, text: 'it allows every agent' }
  }
  if (when.permissions === undefined) return { code: 'broad_allow', row, text: 'it names no permission' }
  return undefined
}
