import { type Html, html } from './html.js'
import { searchAddress, trailPath } from './trail-address.js'
import { decisions, momentField, type TrailQuery, textFields } from './trail-filter.js'
import { visible } from './trail-text.js'
import { typeChoices } from './trail-types.js'

/** Fields that are shown at once; the others where one of them is in use. */
const foremost: readonly string[] = ['transaction', 'subject', 'actor', 'resource']

/** Searches that are made often. */
export function presets({ fields }: TrailQuery, now: number): Html {
  const yesterday = momentField(now - 86_400)
  const links = [
    ['Everything', []],
    ['Refusals of the last day', [['decision', 'deny'] as const, ['from', yesterday] as const]],
    ['Escalations', [['type', 'escalation.denied'] as const]],
    ['Consents', [['type', 'consent.*'] as const]],
  ] as const
  const current = JSON.stringify([...fields])
  return html`<nav class="presets" aria-label="Searches">${links.map(
    ([words, wanted]) =>
      html`<a href="${searchAddress(wanted)}"${JSON.stringify(wanted) === current && html` aria-current="page"`}>${words}</a> `,
  )}</nav>`
}

/** The form that makes the address of a search. */
export function filterForm({ fields }: TrailQuery): Html {
  const names = Object.entries(textFields)
  const textField = ([name, label]: readonly [string, string]): Html => input(name, label, fields.get(name))
  const isMore = ['type', ...Object.keys(textFields)].some((name) => fields.has(name) && !foremost.includes(name))
  return html`<form class="filter" method="get" action="${trailPath}" role="search" aria-label="Filter">
<div class="fields">
${names.filter(([name]) => foremost.includes(name)).map(textField)}
<div><label for="decision">Decision</label><select id="decision" name="decision"><option value="">any</option>${decisions.map(
    (each) => html`<option${fields.get('decision') === each && html` selected`}>${each}</option>`,
  )}</select></div>
${momentInput('from', 'From (UTC)', fields.get('from'))}
${momentInput('to', 'To (UTC)', fields.get('to'))}
<div class="submit"><button class="main small" type="submit">Search</button>${fields.size > 0 && html` <a href="${trailPath}">Clear</a>`}</div>
</div>
<details${isMore && html` open`}><summary>More fields</summary>
<div class="fields">
<div><label for="type">Type</label><input id="type" name="type" list="types" value="${visible(fields.get('type') ?? '')}">
<datalist id="types">${typeChoices.map((each) => html`<option value="${each}">`)}</datalist></div>
${names.filter(([name]) => !foremost.includes(name)).map(textField)}
</div></details>
</form>`
}

function input(name: string, label: string, value: string | undefined): Html {
  return html`<div><label for="${name}">${label}</label><input id="${name}" name="${name}" maxlength="500" autocapitalize="none" spellcheck="false" value="${visible(value ?? '')}"></div>`
}

function momentInput(name: string, label: string, value: string | undefined): Html {
  return html`<div><label for="${name}">${label}</label><input id="${name}" name="${name}" type="datetime-local" step="any" value="${value ?? ''}"></div>`
}
