import { type Html, html } from './html.js'
import { eventAddress } from './trail-address.js'
import type { TrailLine } from './trail-line.js'
import { agentList, badge, clock, scopeList, shortToken, tone, writer } from './trail-table.js'
import { said } from './trail-text.js'

/**
 * Events of a task, one below the other.
 *
 * @param place - below a heading that says for whom they are and through whom; alone, each says it
 */
export function steps(lines: readonly TrailLine[], place: 'below a heading' | 'alone'): Html {
  return html`<ol class="steps">${lines.map((line) => step(line, place === 'alone'))}</ol>`
}

function step(line: TrailLine, isAlone: boolean): Html {
  const { type, reason, policy, route, scope, token, person, agents } = line
  return html`<li class="${tone(line)}"><a href="${eventAddress(line)}">${clock(line.time, 'time')}</a>
<span>${writer(line)}</span>
<span>${said(type)}</span>
<span>${badge(line)} ${reason && said(reason)}</span>
<span class="soft">${[
    ...(route === undefined ? [] : [said(route)]),
    ...(scope.length === 0 ? [] : [scopeList(scope)]),
    ...(policy === undefined ? [] : [html`by ${said(policy)}`]),
    ...(token === undefined ? [] : [html`token ${shortToken(token)}`]),
    ...(isAlone && person !== undefined ? [html`for ${said(person)}`] : []),
    ...(isAlone && agents.length > 0 ? [html`through ${agentList(agents)}`] : []),
  ].map((each, index) => html`${index > 0 && ' · '}${each}`)}</span></li>
`
}
