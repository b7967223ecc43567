import { type Html, html } from './html.js'
import type { ToolCall } from './trail-calls.js'
import type { TrailLine } from './trail-line.js'
import { steps } from './trail-steps.js'
import { agentList, apiName, badge, tone } from './trail-table.js'
import { said } from './trail-text.js'

/** Where a call stands: on one page of a task. */
interface Place {
  /** Whether there are events before this page. */
  readonly isContinued: boolean
  /** Where the next page begins. */
  readonly next: string | undefined
}

/**
 * What was decided about a call: by the API, however often it was asked; else by the auth server, where it refused. The word of
 * the agent counts where nobody else has one.
 */
export function verdictsOf({ lines }: ToolCall): readonly TrailLine[] {
  const decided = lines.filter(({ decision }) => decision !== undefined)
  const byApi = decided.filter(({ type }) => type === 'access.decision')
  const byServer = decided.findLast(({ sender }) => sender === undefined)
  const byAgent = decided.findLast(({ type }) => type === 'tool.finished')
  const other = byServer?.decision === 'allow' ? (byAgent ?? byServer) : (byServer ?? byAgent ?? decided.at(-1))
  if (byApi.length === 0) return other === undefined ? [] : [other]
  return byApi.filter(({ decision, reason }, at) => {
    const next = byApi[at + 1]
    return decision !== next?.decision || reason !== next?.reason
  })
}

/** Reasons that say no more than the decision. */
const plain: readonly (string | undefined)[] = [undefined, 'allowed', 'policy']

function verdict(line: TrailLine): Html {
  const { reason } = line
  return html` ${badge(line)}${reason !== undefined && !plain.includes(reason) && html` <span class="reason">${said(reason)}</span>`}`
}

/** One call of a tool: who, for whom, where, what came of it, and every event of it. */
export function callSection(part: ToolCall, id: string, { isContinued, next }: Place): Html {
  const { lines } = part
  // what this server wrote counts before what others did
  const believed = [...lines.filter(({ sender }) => sender === undefined), ...lines]
  const one = (read: (line: TrailLine) => string | undefined): string | undefined =>
    believed.map(read).find((value) => value !== undefined)
  const tool = one((line) => line.tool)
  const person = one((line) => line.person)
  const api = one((line) => line.api)
  const toolCall = one((line) => line.toolCall)
  const { agents = [] } = believed.find((line) => line.agents.length > 0) ?? {}
  const verdicts = verdictsOf(part)
  return html`<section class="call ${tone(verdicts.at(-1) ?? { decision: undefined })}" aria-labelledby="${id}">
<h2 id="${id}">${tool === undefined ? 'A call' : said(tool)}${verdicts.map(verdict)}</h2>
<p class="soft">${person && html`for ${said(person)} `}${agents.length > 0 && html`through ${agentList(agents)} `}${api && html`at ${apiName(api)} `}${duration(lines)}${toolCall && html`· ${said(toolCall)}`}</p>
${toolCall && isContinued && !lines.some(({ type }) => type === 'tool.started') && html`<p class="soft">It began on the page before.</p>`}
${steps(lines, 'below a heading')}
${toolCall && !lines.some(({ type }) => type === 'tool.finished') && html`<p class="soft">${next === undefined ? 'No end of it is recorded.' : 'No end of it is on this page.'}</p>`}
</section>`
}

function duration(lines: readonly TrailLine[]): Html | undefined {
  const { milliseconds } = lines.findLast(({ type }) => type === 'tool.finished') ?? {}
  return milliseconds === undefined ? undefined : html`· ${milliseconds.toFixed(0)} ms `
}
