import type { Agent } from '../agents/agent.js'
import type { Approval } from '../approvals/approval.js'
import { consentLifetime } from '../consents/consent-lifetime.js'
import type { Context } from '../context.js'
import type { Grant } from '../grants/grant.js'
import { oneLine } from '../grants/grant-request.js'
import { type AskedApi, askedList, describeAsked } from './asked-for.js'
import { type Html, html } from './html.js'
import { durationInWords, moment, recordInWords } from './words.js'

/** Everything a person should know before they decide an item. What an agent wrote is shown as its words. */
export async function itemBody(context: Context, item: Approval, agent: Agent | undefined): Promise<Html> {
  const { request } = item
  const apis = await describeAsked(context, request.scope, request.resource)
  const grant = request.grantId === undefined ? undefined : await context.grants.find(request.grantId)
  const said = request.justification ?? grant?.justification
  return html`<p>The agent <strong>${agent?.name ?? item.agentId}</strong> ${
    item.kind === 'consent' ? 'asks to do this in your name.' : 'asks to do this.'
  }</p>
<p class="soft">${item.agentId}${agent === undefined ? undefined : `, run by ${agent.owner}`}</p>
${askedList(apis)}
<dl>
${(request.details ?? []).map((entry) => html`<dt>Only for</dt><dd>${recordInWords(entry)}</dd>`)}
${request.transaction === undefined ? undefined : html`<dt>Task</dt><dd>${oneLine(request.transaction)}</dd>`}
${said === undefined ? undefined : html`<dt>The agent says</dt><dd><blockquote>${oneLine(said)}</blockquote></dd>`}
${request.bindingMessage === undefined ? undefined : html`<dt>It should show you this message too</dt><dd><strong>${oneLine(request.bindingMessage)}</strong></dd>`}
${item.kind === 'consent' ? html`<dt>For how long</dt>${lastingOf(context, apis).map((each) => html`<dd>${each}</dd>`)}` : undefined}
${grant === undefined ? undefined : windowOf(grant)}
<dt>Asked</dt><dd>${moment(item.createdAt)}</dd>
${item.status === 'pending' ? html`<dt>Waits until</dt><dd>${moment(item.expiresAt)}</dd>` : undefined}
</dl>
${item.kind === 'permission' ? html`<p>Your decision is recorded. Nothing is issued: add the permission to the policy first.</p>` : undefined}`
}

/** How long each kind of consent among them lasts. */
function lastingOf({ settings }: Context, apis: readonly AskedApi[]): readonly string[] {
  const modes = new Set(apis.flatMap(({ permissions }) => permissions.map(({ consent }) => consent)))
  return (['once', 'per_task', 'each_time'] as const)
    .filter((mode) => modes.has(mode))
    .map((mode) => {
      const lifetime = durationInWords(consentLifetime(settings, mode))
      if (mode === 'once') return `For ${lifetime}, or until you withdraw it.`
      return mode === 'per_task' ? `For this task, ${lifetime} at the most.` : `For one use, within ${lifetime}.`
    })
}

function windowOf(grant: Grant): Html {
  return html`<dt>For whom</dt><dd>${grant.subject ?? 'the agent itself'}</dd>
<dt>For how long</dt><dd>${durationInWords(grant.duration)} from approval</dd>
<dt>How often</dt><dd>${grant.maxUses === null ? 'as often as needed' : `${grant.maxUses} times at the most`}</dd>`
}
