import type { Catalogue } from './catalogue.js'
import { stretches } from './condition.js'
import type { Condition, Permission } from './document.js'
import { createRuleIndex } from './rule-index.js'

/** Everything that a condition matches, in a form in which two can be compared. */
export interface Coverage {
  /** Members that rules are found by. `permissions` are those that fit the condition's resources and risks too. */
  readonly when: Pick<Condition, 'agents' | 'roles' | 'subjects' | 'permissions'>
  readonly tools: readonly string[] | undefined
  readonly mode: Condition['mode']
  readonly acrNot: readonly string[] | undefined
  readonly minutes: readonly (readonly [number, number])[]
  readonly weekdays: readonly number[]
}

/** How many rules one is compared with, so that lint ends soon where thousands name nothing that tells them apart. */
const maxCompared = 1_000

const wholeDay = [[0, 1440]] as const
const wholeWeek = [1, 2, 3, 4, 5, 6, 7]

export function coverageOf(condition: Condition, catalogue: Catalogue): Coverage {
  const { agents, roles, subjects, tools, acrNot, hours, weekdays } = condition
  const ofPeople = subjects !== undefined || acrNot !== undefined
  return {
    when: { agents, roles, subjects, permissions: permissionsOf(condition, catalogue) },
    tools,
    mode: condition.mode ?? (ofPeople ? 'delegated' : undefined),
    acrNot,
    minutes: hours === undefined ? wholeDay : stretches(hours),
    weekdays: weekdays ?? wholeWeek,
  }
}

/** Whether whatever `inner` matches, `outer` matches too. */
function covers(outer: Coverage, inner: Coverage): boolean {
  return (
    (outer.acrNot === undefined || includes(inner.acrNot ?? [], outer.acrNot)) &&
    includes(outer.when.agents, inner.when.agents) &&
    includes(outer.when.permissions, inner.when.permissions) &&
    includes(outer.when.roles, inner.when.roles) &&
    includes(outer.when.subjects, inner.when.subjects) &&
    includes(outer.tools, inner.tools) &&
    includes(outer.weekdays, inner.weekdays) &&
    (outer.mode === undefined || outer.mode === inner.mode) &&
    inner.minutes.every(([from, to]) => outer.minutes.some(([start, end]) => start <= from && to <= end))
  )
}

/** Finds, among many, the first that covers another; of those that may, it looks at a thousand. */
export interface CoverageIndex<Entry> {
  firstCovering(inner: Coverage): Entry | undefined
}

interface Placed {
  readonly coverage: Coverage
  readonly place: number
}

export function createCoverageIndex<Entry extends Placed>(entries: readonly Entry[]): CoverageIndex<Entry> {
  const index = createRuleIndex(entries.map((entry) => ({ when: entry.coverage.when, entry })))
  return {
    firstCovering: (inner) => {
      // what covers it has each of its values: one of each is enough to find it
      const { agents, permissions, roles, subjects } = inner.when
      const keys = { agents: agents?.slice(0, 1), roles: roles?.slice(0, 1), subjects: subjects?.slice(0, 1) }
      const [permission] = permissions ?? []
      const candidates = [...index.ofKeys(keys), ...(permission === undefined ? [] : index.ofPermission(permission))]
      let first: Entry | undefined
      for (const { entry } of candidates.slice(0, maxCompared)) {
        if (first !== undefined && entry.place >= first.place) continue
        if (entry.coverage !== inner && covers(entry.coverage, inner)) first = entry
      }
      return first
    },
  }
}

function permissionsOf(
  { permissions, resources, risks }: Condition,
  catalogue: Catalogue,
): readonly string[] | undefined {
  if (permissions === undefined && resources === undefined && risks === undefined) return undefined
  const fits = (permission: Permission | undefined): boolean =>
    permission !== undefined &&
    (resources === undefined || resources.includes(permission.resource)) &&
    (risks === undefined || risks.includes(permission.risk))
  const names = permissions ?? [...catalogue.permissions.keys()]
  return names.filter((name) => fits(catalogue.permission(name)))
}

function includes<Value>(outer: readonly Value[] | undefined, inner: readonly Value[] | undefined): boolean {
  if (outer === undefined || outer === inner) return true
  if (inner === undefined) return false
  if (outer.length < 8) return inner.every((value) => outer.includes(value))
  const set = new Set(outer)
  return inner.every((value) => set.has(value))
}
