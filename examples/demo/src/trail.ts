import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type ApiName, apiNames, resourceOf, type Stage } from '@behalf/example-stage'
import { type Column, columns, headings } from './columns.js'
import { task } from './desk.js'
import { findGaps } from './gaps.js'
import { memberOf, textOf } from './members.js'
import { paint, print } from './paint.js'
import type { Outcome } from './tell.js'
import { tellVerification } from './verification.js'

const table: readonly Column[] = [
  ['#', 3],
  ['TIME', 12],
  ['WRITTEN BY', 11],
  ['EVENT', 20],
  ['VERDICT', 7],
  ['CODE', 30],
  ['TOOL', 20],
  ['WHERE', 21],
  ['TOKEN', 8],
]

const styles: Readonly<Record<string, Parameters<typeof paint>[0]>> = { allow: 'green', deny: 'red', error: 'yellow' }

/** Milliseconds until the trail must have everything. */
const deadline = 10_000

/**
 * Prints the trail of the task, as Security reads it: what the agent's client, the auth server and four APIs wrote, in order.
 * Then it is verified, a byte of it is changed behind the back of the server, and it is verified again.
 *
 * @returns whether nothing is missing in it, and the changed record was named
 */
export async function tellTrail(stage: Stage, { calls }: Outcome): Promise<boolean> {
  const recorded = await whenComplete(stage, calls.length)
  print()
  print(paint('bold', `The trail of the task, ${task}: what the agent, the auth server and four APIs wrote of it`))
  print()
  print(` ${paint('dim', headings(table))}`)
  const events = await readAll(stage, `/audit/events?transaction=${task}`)
  for (const [index, event] of events.entries()) {
    if (textOf(event, 'type') === 'tool.started') print()
    print(row(event, index + 1))
  }

  print()
  const odd = apiNames.filter((name) => !isAsCalled(name, calls, recorded))
  const gaps = [
    ...odd.map((name) => `the decisions of ${name}-api are not those of its calls`),
    ...findGaps(
      events,
      recorded.filter((event) => textOf(event, 'txn') === task),
    ),
  ]
  for (const gap of gaps) print(paint('red', `  ! ${gap}`))
  if (gaps.length === 0) {
    print(`  ${calls.length} calls of APIs, ${recorded.length} decisions in the trail, each as it was answered.`)
    print('  Every call that was let through had a token issued for it, and every token was asked for by an agent.')
  }
  return (await tellVerification(stage, recorded)) && gaps.length === 0
}

/** Decisions of APIs, as soon as there are so many: they travel in batches. */
async function whenComplete(stage: Stage, count: number): Promise<readonly Answer[]> {
  await stage.flush()
  for (const begun = Date.now(); ; await sleep(100)) {
    const decisions = await readAll(stage, '/audit/events?type=access.decision')
    const ofApis = decisions.filter((event) =>
      apiNames.some((name) => textOf(event, 'resource', 'aud') === resourceOf(name)),
    )
    if (ofApis.length >= count || Date.now() - begun > deadline) return ofApis
  }
}

/** Calls are made one after the other, so an API's events are in the order of its calls. */
function isAsCalled(name: ApiName, calls: Outcome['calls'], recorded: readonly Answer[]): boolean {
  const expected = calls.filter(({ at }) => at === name).map(({ code }) => code)
  const codes = recorded
    .filter((event) => textOf(event, 'resource', 'aud') === resourceOf(name))
    .map((event) => textOf(event, 'reason', 'code'))
  return expected.join() === codes.join()
}

/** Every page of a search. */
async function readAll({ security }: Stage, path: string): Promise<readonly Answer[]> {
  const items: Answer[] = []
  for (let after = ''; ; ) {
    const page = await security.get(`${path}&limit=200${after}`)
    items.push(...(memberOf(page, 'items') as readonly Answer[])) // objects, says the API's description
    const next = textOf(page, 'next')
    if (next === '') return items
    after = `&after=${encodeURIComponent(next)}`
  }
}

function row(event: Answer, number: number): string {
  const verdict = textOf(event, 'decision')
  const cells = columns(table, [
    `${number}`.padStart(3),
    textOf(event, 'time').slice(11, 23),
    textOf(event, 'observer', 'client') || 'auth-server',
    textOf(event, 'type'),
    verdict,
    textOf(event, 'reason', 'code'),
    textOf(event, 'tool', 'name'),
    textOf(event, 'resource', 'route') || textOf(event, 'resource', 'aud').replace('https://', ''),
    textOf(event, 'token', 'jti').slice(0, 6) && `${textOf(event, 'token', 'jti').slice(0, 6)}..`,
  ])
  const style = styles[verdict]
  return ` ${cells.map((cell, at) => (style && (at === 4 || at === 5) ? paint(style, cell) : cell)).join('  ')}`.trimEnd()
}
