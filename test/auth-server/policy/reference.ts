import type { PolicyQuestion } from '../../../packages/auth-server/dist/policy/decision.js'
import type { Condition, PolicyDocument, Rule } from '../../../packages/auth-server/dist/policy/document.js'

/** A second evaluator, as plain as the rules read: no index, no order of steps, every rule looked at. */
export function isAllowed(document: PolicyDocument, question: PolicyQuestion, name: string): boolean {
  const { agent, subject, resource, tool } = question
  const permission = document.permissions[name]
  if (permission === undefined) return false
  const deny = document.rules.some((rule) => rule.effect === 'deny' && isMatch(rule, document, question, name))
  const allow = document.rules.some((rule) => rule.effect === 'allow' && isMatch(rule, document, question, name))
  const role = agent.roles.some((role) => document.roles[role]?.permissions.includes(name) === true)
  const allTools = Object.values(document.permissions).flatMap(({ tools }) => tools ?? [])
  return (
    agent.status === 'active' &&
    (agent.lockedUntil === undefined || agent.lockedUntil === null || agent.lockedUntil <= question.now) &&
    permission.resource === resource &&
    (agent.ceiling === null || agent.ceiling.includes(name)) &&
    (subject === undefined || subject.permissions.includes(name)) &&
    (permission.maxAge === undefined ||
      subject === undefined ||
      (subject.authTime !== undefined && subject.authTime + permission.maxAge >= question.now)) &&
    (tool === undefined ? permission.tools === undefined : (permission.tools ?? allTools).includes(tool)) &&
    !deny &&
    (allow || role)
  )
}

export function isMatch(
  { when, effect }: Rule,
  document: PolicyDocument,
  question: PolicyQuestion,
  name: string,
): boolean {
  const { agent, subject, resource, tool } = question
  const risk = document.permissions[name]?.risk
  const demands: readonly boolean[] = [
    when.agents === undefined || when.agents.includes(agent.id),
    when.roles === undefined || when.roles.filter((role) => agent.roles.includes(role)).length > 0,
    when.permissions === undefined || when.permissions.includes(name),
    when.resources === undefined || when.resources.includes(resource),
    when.subjects === undefined || (subject !== undefined && when.subjects.includes(subject.id)),
    when.tools === undefined || (tool === undefined ? effect === 'deny' : when.tools.includes(tool)),
    when.risks === undefined || (risk !== undefined && when.risks.includes(risk)),
    when.mode === undefined || when.mode === (subject === undefined ? 'direct' : 'delegated'),
    when.acrNot === undefined || (subject !== undefined && !when.acrNot.some((acr) => acr === subject.acr)),
    isWithinHours(when.hours, question.now),
    when.weekdays === undefined || when.weekdays.includes(new Date(question.now * 1000).getUTCDay() || 7),
  ]
  return !demands.includes(false)
}

function isWithinHours(hours: Condition['hours'], now: number): boolean {
  if (hours === undefined) return true
  const time = new Date(now * 1000).toISOString().slice(11, 16)
  if (hours.from < hours.to) return hours.from <= time && time < hours.to
  return hours.from <= time || time < hours.to
}
