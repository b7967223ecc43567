import { play } from '@behalf/example-harness'
import { type Column, columns, headings } from './columns.js'
import { paint, print, verdictStyle } from './paint.js'
import type { Stage } from './stage.js'
import type { Line, Scene } from './story.js'

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
  readonly calls: number
  readonly failed: number
  readonly seconds: number
}

/** Makes the calls one after the other and prints a row for each. */
export async function tell(scenes: readonly Scene[], stage: Stage): Promise<Outcome> {
  const begun = performance.now()
  let calls = 0
  let failed = 0
  print(` ${paint('dim', headings(table))}`)
  for (const { title, before, lines } of scenes) {
    print()
    print(` ${paint('bold', title)}`)
    await before?.()
    for (const line of lines) {
      calls += 1
      const { answer, recorded, mismatches } = await play(line, stage.service(line.api), stage.issuer, stage.trail)
      if (mismatches.length > 0) failed += 1
      print(row(`${calls}`, line, recorded.event.decision, answer.status, answer.code))
      for (const mismatch of mismatches) print(paint('red', `    ! ${mismatch}`))
    }
  }
  return { calls, failed, seconds: (performance.now() - begun) / 1000 }
}

function row(number: string, { api, call, carries }: Line, verdict: string, status: number, code = ''): string {
  const { clientId = '-', subject = '-', actor = '-' } = carries ?? {}
  const cells = columns(table, [
    number.padStart(2),
    clientId,
    subject,
    [actor].flat()[0] ?? '-',
    `${call.method.padEnd(4)} ${api.padEnd(7)} ${call.path}`,
    verdict,
    `${status}`,
    code,
  ])
  const style = verdictStyle(status)
  return ` ${cells.map((cell, index) => (index < 5 ? cell : paint(style, cell))).join('  ')}`.trimEnd()
}

/** Says whether all went as expected, in a sentence and as a boolean. */
export function summarize({ calls, failed, seconds }: Outcome, { trail, issuer }: Stage): boolean {
  const fits = failed === 0 && trail.events.length === calls
  const fetches = issuer.requests['/jwks'] ?? 0
  const verdict = failed === 0 ? 'every verdict as expected' : `${failed} not as expected`
  print()
  print(
    `${calls} calls in ${seconds.toFixed(1)} s, ${paint(fits ? 'green' : 'red', verdict)}; ` +
      `${trail.events.length} audit events; the issuer was asked for its keys ${fetches} times.`,
  )
  print()
  return fits
}
