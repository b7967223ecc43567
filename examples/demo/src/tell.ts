import { type Column, columns, headings } from './columns.js'
import { auditedCode, type Expected } from './expected.js'
import { paint, print, verdictStyle } from './paint.js'
import type { Act, Caller, Scene } from './story.js'
import type { Sent, Wire } from './wire.js'

const table: readonly Column[] = [
  ['#', 2],
  ['WHO', 8],
  ['FOR WHOM', 11],
  ['THROUGH', 13],
  ['AT', 7],
  ['WHAT', 34],
  ['VERDICT', 7],
  ['STATUS', 6],
  ['CODE', 33],
]

/** A call of an API, as its audit event must tell it. */
export interface AuditedCall {
  readonly at: Sent['at']
  readonly code: string
}

/** What came of the story. */
export interface Outcome {
  /** Calls of APIs, in order. */
  readonly calls: readonly AuditedCall[]
  /** Requests for tokens. */
  readonly requests: number
  readonly failed: number
  readonly seconds: number
}

/** Plays the scenes, and prints a row for whatever goes over the wire. */
export async function tell(scenes: readonly Scene[], wire: Wire): Promise<Outcome> {
  const begun = performance.now()
  const calls: AuditedCall[] = []
  let [rows, failed] = [0, 0]

  async function play({ by, does, leads }: Act): Promise<void> {
    const left = [...(leads ?? [])]
    wire.onSent = (sent) => {
      rows += 1
      const expected = leads === undefined ? sent : left.shift()
      print(row(`${rows}`, by, sent))
      if (sent.at !== 'auth') calls.push({ at: sent.at, code: auditedCode(expected ?? sent) })
      if (expected !== undefined && isAs(expected, sent)) return
      failed += 1
      print(paint('red', `    ! expected ${expected === undefined ? 'nothing' : describe(expected)}`))
    }
    await does()
    for (const missing of left) print(paint('red', `    ! did not come: ${describe(missing)}`))
    failed += left.length
  }

  print(` ${paint('dim', headings(table))}`)
  for (const { title, before, acts } of scenes) {
    print()
    print(` ${paint('bold', title)}`)
    await before?.()
    for (const act of acts) await play(act)
  }
  wire.onSent = () => {}
  return { calls, requests: rows - calls.length, failed, seconds: (performance.now() - begun) / 1000 }
}

function row(number: string, { clientId, subject, agent = '-' }: Caller, { at, what, status, code }: Sent): string {
  const verdict = verdictOf(status, code)
  const cells = columns(table, [
    number.padStart(2),
    clientId,
    subject,
    agent,
    at,
    what,
    verdict,
    `${status ?? '-'}`,
    code,
  ])
  const style = verdictStyle(status ?? 500)
  return ` ${cells.map((cell, index) => (index < 6 ? cell : paint(style, cell))).join('  ')}`.trimEnd()
}

/** Codes after which a person has to do something. */
const pending = new Set(['consent_required', 'insufficient_user_authentication'])

function verdictOf(status: number | null, code: string): string {
  if (status === null || status >= 500) return 'error'
  if (status < 400) return 'allow'
  return pending.has(code) ? 'pending' : 'deny'
}

function isAs({ at, status, code }: Pick<Expected, 'at' | 'status' | 'code'>, sent: Sent): boolean {
  return at === sent.at && status === sent.status && code === sent.code
}

function describe({ at, status, code }: Expected): string {
  return `${at} ${status ?? ''} ${code}`.trim()
}

/** Says whether all went as expected, in a sentence and as a boolean. */
export function summarize({ calls, requests, failed, seconds }: Outcome, isTrailRight: boolean): boolean {
  const isRight = failed === 0 && isTrailRight
  const verdict = failed === 0 ? 'every verdict as expected' : `${failed} not as expected`
  print()
  print(
    `${calls.length} calls of APIs and ${requests} requests for tokens in ${seconds.toFixed(1)} s, ` +
      `${paint(isRight ? 'green' : 'red', verdict)}${isTrailRight ? '' : paint('red', ', but not the trail')}.`,
  )
  print()
  return isRight
}
