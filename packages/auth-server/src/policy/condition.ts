import type { PolicyQuestion } from './decision.js'
import type { Condition, Permission, Rule } from './document.js'

/** A question, with what its rules need of the moment. */
export interface Situation {
  readonly question: PolicyQuestion
  /** Of the day, UTC. */
  readonly minute: number
  /** 1 Monday to 7 Sunday, UTC. */
  readonly weekday: number
}

/** Whether what a condition says of the question holds: who asks, where, when, with what tool. */
export type SituationMatcher = (situation: Situation) => boolean

/** Whether what a condition says of one permission holds. `permission` is undefined for a name that no one knows. */
export type PermissionMatcher = (name: string, permission: Permission | undefined) => boolean

const minutesOfDay = 1440

export function situate(question: PolicyQuestion): Situation {
  const minutes = Math.floor(question.now / 60)
  const days = Math.floor(minutes / minutesOfDay)
  // the first of January 1970 was a Thursday
  return { question, minute: minutes - days * minutesOfDay, weekday: ((((days + 3) % 7) + 7) % 7) + 1 }
}

/** A condition as two tests, both of which must hold: one of the question, one of each permission it asks for. */
export function compileCondition({ when, effect }: Pick<Rule, 'when' | 'effect'>): {
  readonly matchesSituation: SituationMatcher
  readonly matchesPermission: PermissionMatcher
} {
  const ofSituation = [...whoMatchers(when), ...whereMatchers(when, effect), ...whenMatchers(when)]
  const ofPermission = [...whatMatchers(when)]
  return {
    matchesSituation: all(ofSituation),
    matchesPermission: all(ofPermission),
  }
}

/** One test of several; most conditions have one or two members. */
function all<Values extends readonly unknown[]>(
  tests: readonly ((...values: Values) => boolean)[],
): (...values: Values) => boolean {
  const [one, two, ...rest] = tests
  if (one === undefined) return () => true
  if (two === undefined) return one
  const others = rest.length === 0 ? two : all([two, ...rest])
  return (...values) => one(...values) && others(...values)
}

/** The minutes of a day that some hours cover: one stretch, or two around midnight. */
export function stretches({ from, to }: NonNullable<Condition['hours']>): readonly (readonly [number, number])[] {
  const [start, end] = [minuteOf(from), minuteOf(to)]
  if (start < end) return [[start, end]]
  return [[start, minutesOfDay] as const, [0, end] as const].filter(([first, last]) => first < last)
}

function* whoMatchers({ agents, roles, subjects, mode, acrNot }: Condition): Generator<SituationMatcher> {
  if (agents !== undefined) {
    const set = new Set(agents)
    yield ({ question }) => set.has(question.agent.id)
  }
  if (roles !== undefined) {
    const set = new Set(roles)
    yield ({ question }) => question.agent.roles.some((role) => set.has(role))
  }
  if (subjects !== undefined) {
    const set = new Set(subjects)
    yield ({ question: { subject } }) => subject !== undefined && set.has(subject.id)
  }
  if (mode !== undefined) yield ({ question: { subject } }) => (subject !== undefined) === (mode === 'delegated')
  if (acrNot !== undefined) {
    const set = new Set(acrNot)
    yield ({ question: { subject } }) => subject !== undefined && !(subject.acr !== undefined && set.has(subject.acr))
  }
}

function* whereMatchers({ resources, tools }: Condition, effect: Rule['effect']): Generator<SituationMatcher> {
  if (resources !== undefined) {
    const set = new Set(resources)
    yield ({ question }) => set.has(question.resource)
  }
  if (tools !== undefined) {
    const set = new Set(tools)
    // no deny is escaped by leaving the tool out
    yield ({ question: { tool } }) => (tool === undefined ? effect === 'deny' : set.has(tool))
  }
}

function* whatMatchers({ permissions, risks }: Condition): Generator<PermissionMatcher> {
  if (permissions !== undefined) {
    const set = new Set(permissions)
    yield (name) => set.has(name)
  }
  if (risks !== undefined) {
    const set = new Set(risks)
    yield (_, permission) => permission !== undefined && set.has(permission.risk)
  }
}

function* whenMatchers({ hours, weekdays }: Condition): Generator<SituationMatcher> {
  if (hours !== undefined) {
    const [from, to] = [minuteOf(hours.from), minuteOf(hours.to)]
    if (from < to) yield ({ minute }) => minute >= from && minute < to
    else yield ({ minute }) => minute >= from || minute < to
  }
  if (weekdays !== undefined) {
    const set = new Set(weekdays)
    yield ({ weekday }) => set.has(weekday)
  }
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number)
  return (hours ?? 0) * 60 + (minutes ?? 0)
}
