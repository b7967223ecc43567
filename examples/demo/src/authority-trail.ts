import { type Column, columns, headings } from './columns.js'
import { paint, print } from './paint.js'
import { task } from './party.js'
import type { Stage } from './stage.js'

const table: readonly Column[] = [
  ['#', 2],
  ['TIME', 12],
  ['EVENT', 20],
  ['VERDICT', 7],
  ['CODE', 25],
  ['AGENT', 13],
  ['FOR WHOM', 11],
  ['SCOPE', 24],
]

/** What is shown beside the events of the task. */
const others = [
  'login.succeeded',
  'consent.granted',
  'consent.withdrawn',
  'set.sent',
  'approval.granted',
  'signing_key.rotated',
]

/** Prints what the auth server recorded of the task, in order; and whether its whole trail is as it was written. */
export async function printAuthorityTrail({ authority }: Stage): Promise<boolean> {
  const { audit } = authority.context
  const { events } = await audit.search({}, { limit: 1000 })
  const told = events.filter(({ txn, type }) => txn === task || others.some((name) => name === type))
  print()
  print(paint('bold', `What the auth server wrote of the same task, ${task}, and of what it rests on`))
  print()
  print(` ${paint('dim', headings(table))}`)
  for (const [index, event] of told.entries()) {
    const text = (...path: readonly string[]): string => textAt(event, path)
    const cells = columns(table, [
      `${index + 1}`.padStart(2),
      text('time').slice(11, 23),
      text('type'),
      text('decision'),
      text('reason', 'code'),
      text('actor', 'id'),
      text('subject', 'id'),
      text('granted', 'scope') || text('requested', 'scope'),
    ])
    const style = text('decision') === 'deny' ? 'red' : 'green'
    print(` ${cells.map((cell, at) => (at === 3 || at === 4 ? paint(style, cell) : cell)).join('  ')}`.trimEnd())
  }

  await audit.checkpoint()
  const { intact, chains } = await audit.verify()
  const count = chains.reduce((sum, chain) => sum + chain.events, 0)
  print()
  print(
    ` All ${count} events that the auth server wrote, read again from the first: ` +
      (intact ? 'every hash and every signature fits.' : paint('red', 'SOMEBODY CHANGED THEM.')),
  )
  return intact
}

/** A member of an event as text; nothing where it is not there. */
function textAt(value: unknown, [name, ...rest]: readonly string[]): string {
  if (name !== undefined) {
    const members = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : [])
    return textAt(members.get(name), rest)
  }
  return Array.isArray(value) ? value.join(' ') : typeof value === 'string' ? value : ''
}
