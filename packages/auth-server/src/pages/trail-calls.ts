import type { TrailLine } from './trail-line.js'

/** One call of a tool, with all that was done for it: by the agent, the auth server and the API. */
export interface ToolCall {
  readonly kind: 'call'
  readonly lines: readonly TrailLine[]
}

/** Events that belong to no call, one after the other. */
interface Between {
  readonly kind: 'between'
  readonly lines: readonly TrailLine[]
}

/** What a task is made of. */
export type TaskPart = ToolCall | Between

interface OpenCall {
  readonly kind: 'call'
  readonly lines: TrailLine[]
  /** What its events have in common: the trace of a run, or the token where there is no trace. */
  readonly threads: Set<string>
  readonly spans: Set<string>
  readonly tool: string | undefined
  readonly client: string | undefined
  /** When its first event was. */
  readonly begun: string
}

/** What begins a call where its agent tells nothing of it. */
const beginsCall = /^(?:delegation|escalation|token)\./u

/**
 * Puts events together by the call of a tool they belong to: the agent names it, and what the auth server and the API wrote of
 * the same client has its span, or its trace and its tool, or its token. Calls are in the order of their first events. No client
 * gets into the call of another one.
 *
 * @param lines - events of one task, in order of time
 */
export function groupCalls(lines: readonly TrailLine[]): readonly TaskPart[] {
  const calls = new Map<TrailLine, OpenCall>()
  const open: OpenCall[] = []

  function join(call: OpenCall, line: TrailLine): void {
    calls.set(line, call)
    const thread = threadOf(line)
    if (thread !== undefined) call.threads.add(thread)
    if (line.span !== undefined) call.spans.add(line.span)
  }

  function begin({ tool, client, time }: TrailLine): OpenCall {
    const call: OpenCall = { kind: 'call', lines: [], threads: new Set(), spans: new Set(), tool, client, begun: time }
    open.push(call)
    return call
  }

  // those that name their call come first: clocks of APIs may be ahead of the agent's
  const named = new Map<string, OpenCall>()
  for (const line of lines) {
    if (line.toolCall === undefined) continue
    const name = JSON.stringify([line.client, line.trace, line.toolCall])
    const call = named.get(name) ?? begin(line)
    named.set(name, call)
    join(call, line)
  }
  for (const line of lines) {
    const thread = threadOf(line)
    if (calls.has(line) || thread === undefined) continue
    const related = open.filter(({ threads }) => threads.has(thread))
    const call =
      closest(related, line) ?? (beginsCall.test(line.type) || line.trace !== undefined ? begin(line) : undefined)
    if (call !== undefined) join(call, line)
  }
  return arrange(lines, calls)
}

function threadOf({ trace, token }: TrailLine): string | undefined {
  if (trace !== undefined) return `trace ${trace}`
  return token === undefined ? undefined : `token ${token}`
}

/** Of the same span before others, and of those the last that had begun. */
function closest(related: readonly OpenCall[], { span, tool, client, time }: TrailLine): OpenCall | undefined {
  const fitting = related.filter((call) => mayBe(call.tool, tool) && mayBe(call.client, client))
  const inSpan = fitting.filter(({ spans }) => span !== undefined && spans.has(span))
  const choice = inSpan.length > 0 ? inSpan : fitting
  return choice.findLast(({ begun }) => begun <= time) ?? choice[0]
}

function mayBe(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other
}

function arrange(lines: readonly TrailLine[], calls: ReadonlyMap<TrailLine, OpenCall>): readonly TaskPart[] {
  const parts: (OpenCall | { readonly kind: 'between'; readonly lines: TrailLine[] })[] = []
  for (const line of lines) {
    const call = calls.get(line)
    const last = parts.at(-1)
    if (call !== undefined) {
      if (call.lines.length === 0) parts.push(call)
      call.lines.push(line)
    } else if (last?.kind === 'between') last.lines.push(line)
    else parts.push({ kind: 'between', lines: [line] })
  }
  return parts
}
