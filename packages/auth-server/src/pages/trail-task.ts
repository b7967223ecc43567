import { type Html, html } from './html.js'
import { searchAddress, taskAddress } from './trail-address.js'
import { callSection, verdictsOf } from './trail-call.js'
import { groupCalls, type TaskPart, type ToolCall } from './trail-calls.js'
import { fact, facts } from './trail-facts.js'
import type { TrailLine } from './trail-line.js'
import { steps } from './trail-steps.js'
import { apiName, badge, clock, tone } from './trail-table.js'
import { said } from './trail-text.js'

/** One page of a task. */
export interface TaskPage {
  readonly task: string
  readonly lines: readonly TrailLine[]
  /** Whether there are events before these. */
  readonly isContinued: boolean
  /** Where the next ones begin. */
  readonly next: string | undefined
}

/** A task in order of time, call by call. */
export function taskBody(page: TaskPage): Html {
  const { task, lines, isContinued, next } = page
  const parts = groupCalls(lines)
  return html`${summary(page, parts)}
${isContinued && html`<p class="pager"><a href="${taskAddress(task)}">From the beginning</a></p>`}
${parts.map((part, index) => (part.kind === 'call' ? callSection(part, `call-${index + 1}`, page) : between(part.lines)))}
${next !== undefined && html`<p class="pager"><a href="${taskAddress(task, next)}">Later events</a></p>`}`
}

function summary({ task, lines, isContinued, next }: TaskPage, parts: readonly TaskPart[]): Html {
  const calls = parts.filter((part) => part.kind === 'call')
  const [first, last] = [lines[0], lines.at(-1)]
  const isWhole = !isContinued && next === undefined
  return facts(
    fact('Events', html`${lines.length}${!isWhole && ' on this page'}`),
    fact('Tool calls', html`<span class="each">${calls.length}</span>${outcomes(calls)}`),
    first && last && fact('Time (UTC)', html`${clock(first.time, 'day')} to ${clock(last.time, 'time')}`),
    list('For', (line) => [line.person], said),
    list('Agents', (line) => line.agents, said),
    list('APIs', (line) => [line.api], apiName),
    fact('More', html`<a href="${searchAddress([['transaction', task]])}">As a list</a>`),
  )

  function list(
    name: string,
    read: (line: TrailLine) => readonly (string | undefined)[],
    show: (text: string) => Html,
  ): Html | undefined {
    const known = [...new Set(lines.flatMap(read))].filter((value) => value !== undefined)
    if (known.length === 0) return undefined
    return fact(name, html`${known.map((each) => html`<span class="each">${show(each)}</span> `)}`)
  }
}

function outcomes(calls: readonly ToolCall[]): Html {
  const ends = calls.map((each) => tone(verdictsOf(each).at(-1) ?? { decision: undefined }))
  return html`${(['allow', 'deny', 'error'] as const).map((decision) => {
    const count = ends.filter((end) => end === decision).length
    return count > 0 && html` <span class="each">${badge({ decision })} ${count}</span>`
  })}`
}

function between(lines: readonly TrailLine[]): Html {
  return html`<section class="between" aria-label="Outside of the calls">${steps(lines, 'alone')}</section>`
}
