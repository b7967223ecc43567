import { DelegationError, InteractionRequiredError } from '@behalf/agent'
import { play } from '@behalf/example-harness'
import { type Column, columns, headings } from './columns.js'
import { paint, print, verdictStyle } from './paint.js'
import type { Party } from './party.js'
import type { Stage } from './stage.js'
import type { Ask, Call, Scene } from './story.js'

const table: readonly Column[] = [
  ['#', 2],
  ['WHO', 8],
  ['FOR WHOM', 11],
  ['THROUGH', 13],
  ['CALL', 39],
  ['VERDICT', 7],
  ['STATUS', 6],
  ['CODE', 19],
]

/** What came of the story. */
export interface Outcome {
  /** Calls of APIs. */
  readonly calls: number
  /** Tokens asked for in vain. */
  readonly asks: number
  readonly failed: number
  readonly seconds: number
}

/** What came of a line, as the table shows it. */
interface Told {
  readonly what: string
  readonly verdict: string
  readonly status: number | null
  readonly code: string
  readonly mismatches: readonly string[]
}

/** Makes the calls one after the other and prints a row for each. */
export async function tell(scenes: readonly Scene[], stage: Stage): Promise<Outcome> {
  const begun = performance.now()
  const outcome = { calls: 0, asks: 0, failed: 0 }
  print(` ${paint('dim', headings(table))}`)
  for (const { title, before, lines } of scenes) {
    print()
    print(` ${paint('bold', title)}`)
    await before?.()
    for (const line of lines) {
      const told = await ('ask' in line ? tellAsk(line) : tellCall(line, stage))
      outcome['ask' in line ? 'asks' : 'calls'] += 1
      if (told.mismatches.length > 0) outcome.failed += 1
      print(row(`${outcome.calls + outcome.asks}`, line.by, told))
      for (const mismatch of told.mismatches) print(paint('red', `    ! ${mismatch}`))
    }
  }
  return { ...outcome, seconds: (performance.now() - begun) / 1000 }
}

async function tellCall(line: Call, stage: Stage): Promise<Told> {
  const { api, call, by } = line
  const { answer, recorded, mismatches } = await play(line, stage.service(api), by.call, stage.trail)
  return {
    what: `${call.method.padEnd(4)} ${api.padEnd(7)} ${call.path}`,
    verdict: recorded.event.decision,
    status: answer.status,
    code: answer.code ?? '',
    mismatches,
  }
}

async function tellAsk({ ask, scope, refused }: Ask): Promise<Told> {
  const what = `POST auth    /token ${scope}`
  const error: unknown = await ask().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof DelegationError)) {
    return { what, verdict: 'allow', status: null, code: 'issued', mismatches: [`issued, expected ${refused}`] }
  }
  const { code } = error
  const mismatches = code === refused ? [] : [`the agent got ${code}, expected ${refused}`]
  return { what, verdict: verdictOf(error), status: null, code, mismatches }
}

function verdictOf(error: DelegationError): string {
  if (error instanceof InteractionRequiredError) return 'pending'
  return error.isTransient ? 'error' : 'deny'
}

function row(number: string, { clientId, subject, agent = '-' }: Party, told: Told): string {
  const { what, verdict, status, code } = told
  const cells = columns(table, [number.padStart(2), clientId, subject, agent, what, verdict, `${status ?? '-'}`, code])
  const style = verdictStyle(status ?? (verdict === 'deny' ? 400 : 500))
  return ` ${cells.map((cell, index) => (index < 5 ? cell : paint(style, cell))).join('  ')}`.trimEnd()
}

/** Says whether all went as expected, in a sentence and as a boolean. */
export function summarize({ calls, asks, failed, seconds }: Outcome, { trail }: Stage, isIntact: boolean): boolean {
  const fits = failed === 0 && trail.events.length === calls && isIntact
  const verdict = failed === 0 ? 'every verdict as expected' : `${failed} not as expected`
  print()
  print(
    `${calls} calls and ${asks} tokens asked for in vain in ${seconds.toFixed(1)} s, ${paint(fits ? 'green' : 'red', verdict)}; ` +
      `${trail.events.length} audit events of the APIs.`,
  )
  print()
  return fits
}
