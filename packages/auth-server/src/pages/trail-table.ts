import { type Html, html } from './html.js'
import { eventAddress, taskAddress } from './trail-address.js'
import type { TrailLine } from './trail-line.js'
import { said } from './trail-text.js'

/** Names of a scope that are shown; the rest are counted. */
const mostNames = 4

/** Characters of the id of a token that are shown. */
const shortId = 8

const signs: Readonly<Record<string, string>> = { allow: '✓', deny: '✕', error: '!' }

/** Events, one to a row. */
export function trailTable(lines: readonly TrailLine[]): Html {
  return html`<table class="trail">
<thead><tr><th scope="col">Time (UTC)</th><th scope="col">Event, written by</th><th scope="col">Decision, reason</th><th scope="col">Person, agent</th><th scope="col">Tool, scope</th><th scope="col">API, route</th><th scope="col">Task, token</th></tr></thead>
<tbody>
${lines.map(row)}</tbody>
</table>`
}

function row(line: TrailLine): Html {
  const { person, agents, tool, scope, api, route, task, token } = line
  return html`<tr class="${tone(line)}"><th scope="row"><a href="${eventAddress(line)}">${clock(line.time, 'day')}</a></th>
${cell('Event', said(line.type), writer(line))}
${cell('Decision', badge(line), line.reason === undefined ? undefined : said(line.reason))}
${cell('Who', person && html`<span class="word">for</span> ${said(person)}`, agents.length > 0 && html`by ${agentList(agents)}`)}
${cell('Tool', tool && said(tool), scope.length > 0 && scopeList(scope))}
${cell('API', api && apiName(api), route && said(route))}
${cell('Task', task && html`<a href="${taskAddress(task)}">${said(task)}</a>`, token && html`token ${shortToken(token)}`)}</tr>
`
}

/** Two things about an event, one below the other. */
function cell(label: string, above: Html | '' | undefined, below: Html | '' | false | undefined): Html {
  if (!above && !below) return html`<td></td>`
  return html`<td data-label="${label}">${above && html`<div>${above}</div>`}${below && html`<div class="under">${below}</div>`}</td>`
}

/** The class that colours a row: of the three decisions, and no other text. */
export function tone({ decision }: Pick<TrailLine, 'decision'>): string {
  return decision !== undefined && Object.hasOwn(signs, decision) ? decision : 'none'
}

/** A decision as a sign, a word and a colour. */
export function badge({ decision }: Pick<TrailLine, 'decision'>): Html | undefined {
  if (decision === undefined) return undefined
  const sign = Object.hasOwn(signs, decision) ? signs[decision] : undefined
  return html`<span class="badge ${tone({ decision })}">${sign && html`<span aria-hidden="true">${sign}</span> `}${said(decision)}</span>`
}

/** Who wrote it: this server, or a client. */
export function writer({ sender, writtenBy }: Pick<TrailLine, 'sender' | 'writtenBy'>): Html {
  return sender === undefined ? html`<b>${writtenBy}</b>` : said(writtenBy)
}

/** A moment of the trail to the millisecond, with its day where that is wanted. What is no moment is shown as it is. */
export function clock(time: string, precision: 'day' | 'time'): Html {
  const [, day, hour] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d{1,3})?)Z$/u.exec(time) ?? []
  if (day === undefined || hour === undefined) return said(time)
  return html`<time datetime="${time}">${precision === 'day' && html`<span class="day">${day}</span> `}${hour}</time>`
}

/** Who acts, and for which agent before: in the order of the chain. */
export function agentList(agents: readonly string[]): Html {
  return html`${agents.map((agent, index) => html`${index > 0 && ' for '}${said(agent)}`)}`
}

/** The names of a scope, the first few. */
export function scopeList(scope: readonly string[]): Html {
  const more = scope.length - mostNames
  return html`${scope.slice(0, mostNames).map((name, index) => html`${index > 0 && ', '}${said(name)}`)}${more > 0 && ` and ${more} more`}`
}

/** The name of an API: what is the same for all of them is soft. */
export function apiName(api: string): Html {
  return api.startsWith('https://') ? html`<span class="word">https://</span>${said(api.slice(8))}` : said(api)
}

/** The beginning of a token's id. */
export function shortToken(token: string): Html {
  return said(token.length > shortId ? `${token.slice(0, shortId)}…` : token)
}
