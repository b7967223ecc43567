import type { StoredEvent } from '../audit/audit-trail.js'
import { type Html, html } from './html.js'
import { searchAddress, taskAddress } from './trail-address.js'
import { fact, facts } from './trail-facts.js'
import { readLine } from './trail-line.js'
import { agentList, apiName, badge, clock, scopeList, writer } from './trail-table.js'
import { jsonInWords, said } from './trail-text.js'

/** One event: what it says at a glance, what is like it, and the whole of it as it was written. */
export function eventBody(event: StoredEvent): Html {
  const line = readLine(event)
  const { reason, policy, person, agents, tool, api, route, scope, task, client, toolCall, token, trace } = line
  const related: readonly (readonly [string, string, string | undefined])[] = [
    ['person', 'subject', person],
    ['agent', 'actor', agents[0]],
    ['client', 'client', client],
    ['API', 'resource', api],
    ['token', 'tokenId', token],
    ['trace', 'trace', trace],
    ['tool call', 'toolCall', toolCall],
  ]
  const links = related.map(
    ([word, field, value]) => value !== undefined && html`<a href="${searchAddress([[field, value]])}">${word}</a> `,
  )
  const glance = facts(
    fact('Time (UTC)', clock(line.time, 'day')),
    fact('Written by', writer(line)),
    line.decision && fact('Decision', html`${badge(line)}`),
    reason && fact('Reason', html`${said(reason)}${policy && html` <span class="soft">by ${said(policy)}</span>`}`),
    person && fact('Person', said(person)),
    agents.length > 0 && fact('Agent', agentList(agents)),
    tool && fact('Tool', said(tool)),
    api && fact('API', html`${apiName(api)}${route && html` ${said(route)}`}`),
    scope.length > 0 && fact('Scope', scopeList(scope)),
    task && fact('Task', html`<a href="${taskAddress(task)}">${said(task)}</a>`),
  )
  return html`${glance}
${links.some((link) => link !== false) && html`<p class="presets"><span>All of the same</span> ${links}</p>`}
<h2>As it is kept</h2>
<pre class="event" role="region" tabindex="0" aria-label="The whole event">${jsonInWords(event)}</pre>`
}
