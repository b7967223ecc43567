import type { DecisionEvent } from '@behalf/core'
import type { RecordedEvent } from '@behalf/example-harness'
import { type Column, columns, headings, wrap } from './columns.js'
import { paint, print } from './paint.js'
import type { Stage } from './stage.js'

const table: readonly Column[] = [
  ['#', 2],
  ['API', 7],
  ['VERDICT', 7],
  ['CODE', 19],
  ['SUBJECT', 11],
  ['AGENT', 13],
  ['CLIENT', 8],
  ['ROUTE', 23],
]

const styles = { allow: 'green', deny: 'red', error: 'yellow' } as const

/** Prints the audit events so far: each in a line, and the first one whole. */
export function printTrail({ trail: { events }, warnings }: Stage): void {
  print()
  print(paint('bold', 'What the four APIs wrote to their audit logs, one event for each call'))
  print()
  printTrailHeadings()
  for (const [index, recorded] of events.entries()) printTrailLine(recorded, index + 1)

  print()
  print(paint('bold', 'What they told their operators'))
  print()
  for (const { api, code, message } of warnings) printWrapped(`${api}-api`, `${code}: ${message}`)

  const [first] = events
  if (!first) return
  print()
  print(paint('bold', 'Event 1, whole'))
  print()
  for (const [member, value] of Object.entries(first.event)) {
    printWrapped(member, JSON.stringify(value))
  }
}

function printWrapped(label: string, text: string): void {
  const lines = wrap(text, 103)
  for (const [index, line] of lines.entries()) print(` ${(index === 0 ? label : '').padEnd(16)}${paint('dim', line)}`)
}

export function printTrailHeadings(): void {
  print(` ${paint('dim', headings(table))}`)
}

/** Prints one audit event as one line. */
export function printTrailLine({ service, event }: RecordedEvent, number: number): void {
  const cells = columns(table, [
    `${number}`.padStart(2),
    service,
    event.decision,
    event.reason.code,
    subjectOf(event),
    event.actor?.id ?? '-',
    event.client?.id ?? '-',
    `${event.request.method} ${event.resource.route ?? '-'}`,
  ])
  const style = styles[event.decision]
  print(` ${cells.map((cell, index) => (index === 2 || index === 3 ? paint(style, cell) : cell)).join('  ')}`.trimEnd())
}

/** A token whose signature did not hold proves nothing, so its event names nobody. */
function subjectOf({ subject, token }: DecisionEvent): string {
  return subject?.id ?? (token ? '(unproven)' : '-')
}
