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

/** Whether a rule counts for one permission. `permission` is undefined for a name that no one knows. */
export type Matcher = (situation: Situation, name: string, permission: Permission | undefined) => boolean

const minutesOfDay = 1440

export function situate(question: PolicyQuestion): Situation {
  const minutes = Math.floor(question.now / 60)
  const days = Math.floor(minutes / minutesOfDay)
  // the first of January 1970 was a Thursday
  return { question, minute: minutes - days * minutesOfDay, weekday: ((((days + 3) % 7) + 7) % 7) + 1 }
}

/** Turns a condition into one test; every member given must match. */
export function compileCondition({ when, effect }: Pick<Rule, 'when' | 'effect'>): Matcher {
  const matchers = [...whoMatchers(when), ...whatMatchers(when, effect), ...whenMatchers(when)]
  return (situation, name, permission) => matchers.every((matches) => matches(situation, name, permission))
}

/** The minutes of a day that some hours cover: one stretch, or two around midnight. */
export function stretches({ from, to }: NonNullable<Condition['hours']>): readonly (readonly [number, number])[] {
  const [start, end] = [minuteOf(from), minuteOf(to)]
  if (start < end) return [[start, end]]
  return [[start, minutesOfDay] as const, [0, end] as const].filter(([first, last]) => first < last)
}

function* whoMatchers({ agents, roles, subjects, mode, acrNot }: Condition): Generator<Matcher> {
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

function* whatMatchers(
  { permissions, resources, risks, tools }: Condition,
  effect: Rule['effect'],
): Generator<Matcher> {
  if (permissions !== undefined) {
    const set = new Set(permissions)
    yield (_, name) => set.has(name)
  }
  if (resources !== undefined) {
    const set = new Set(resources)
    yield ({ question }) => set.has(question.resource)
  }
  if (risks !== undefined) {
    const set = new Set(risks)
    yield (_situation, _name, permission) => permission !== undefined && set.has(permission.risk)
  }
  if (tools !== undefined) {
    const set = new Set(tools)
    // no deny is escaped by leaving the tool out
    yield ({ question: { tool } }) => (tool === undefined ? effect === 'deny' : set.has(tool))
  }
}

function* whenMatchers({ hours, weekdays }: Condition): Generator<Matcher> {
  if (hours !== undefined) {
    const covered = stretches(hours)
    yield ({ minute }) => covered.some(([first, last]) => minute >= first && minute < last)
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
