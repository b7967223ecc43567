import type { Context as Request } from 'koa'
import type Provider from 'oidc-provider'
import type { Agent } from '../agents/agent.js'
import type { Client } from '../clients/client.js'
import { consentLifetime } from '../consents/consent-lifetime.js'
import { consentNeeds, permissionsNamed } from '../consents/consent-needs.js'
import type { Context } from '../context.js'
import { type AskedApi, askedList, describeAsked } from './asked-for.js'
import { type Html, html } from './html.js'
import { type Page, sendPage } from './page.js'
import { refusedFor } from './refused-for.js'
import { durationInWords, recordInWords } from './words.js'

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/** What an application or an agent asks of a person in an authorization request. */
export interface ConsentRequest {
  readonly client: Client
  /** Who will act; undefined for an application that only signs people in. */
  readonly agent: Agent | undefined
  readonly subject: string
  readonly subjectName: string
  readonly sessionId: string | null
  readonly scope: readonly string[]
  readonly resources: Readonly<Record<string, readonly string[]>>
  readonly openid: readonly string[]
  readonly details: readonly unknown[]
  readonly apis: readonly AskedApi[]
  readonly lifetimes: Context['settings']['lifetimes']
}

/** What ends the request, in the names of OAuth. */
export interface ConsentRefusal {
  readonly error: string
  readonly error_description: string
}

/** What there is to decide; or why nothing is, for the person or the agent could never use it. */
export async function readConsentRequest(
  context: Context,
  interaction: Interaction,
): Promise<ConsentRequest | ConsentRefusal> {
  const { clients, agents, accounts, settings } = context
  const client = await clients.find(String(interaction.params.client_id))
  const account = await accounts.find(interaction.session?.accountId ?? '')
  if (client === undefined || account?.status !== 'active')
    return refusal('access_denied', 'no one can decide this now')
  const agent = client.agentId === null ? undefined : await agents.find(client.agentId)
  const asked = readDetails(interaction.prompt.details)
  const resources = asked.missingResourceScopes ?? {}
  const scope = [...new Set(Object.values(resources).flat())]
  const refused = await refusedFor(context, { account, agent, scope })
  if (refused.length > 0) return refusal('invalid_scope', 'the person or the agent can not have this scope')
  return {
    client,
    agent,
    subject: account.subject,
    subjectName: account.name,
    sessionId: interaction.session?.uid ?? null,
    scope,
    resources,
    openid: asked.missingOIDCScope ?? [],
    details: asked.rar ?? [],
    apis: await describeAsked(context, scope, Object.keys(resources)[0] ?? settings.issuer),
    lifetimes: settings.lifetimes,
  }
}

interface PromptDetails {
  readonly missingOIDCScope?: readonly string[]
  readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>
  readonly rar?: readonly unknown[]
}

/** The engine's own names, which its types leave open. */
function readDetails(details: unknown): PromptDetails {
  return details as PromptDetails
}

function refusal(error: string, description: string): ConsentRefusal {
  return { error, error_description: description }
}

/** Answers with the page that asks. */
export function sendConsent(
  ctx: Request,
  request: ConsentRequest,
  form: { readonly action: string; readonly hidden: Html; readonly formTargets: Page['formTargets'] },
): void {
  const { agent, client, apis, details, openid, lifetimes, subjectName } = request
  const name = agent?.name ?? client.name
  sendPage(ctx, 200, {
    title: agent === undefined ? `${name} asks for access` : `${name} asks to act for you`,
    formTargets: form.formTargets,
    body: html`<p>You are signed in as <strong>${subjectName}</strong>.</p>
<div class="card">
${whoAsks(request)}
${apis.length === 0 ? html`<p>It asks to know who you are, and for nothing else.</p>` : askedList(apis)}
${details.length === 0 ? undefined : html`<h2>Only for</h2><ul>${details.map((entry) => html`<li>${recordInWords(entry)}</li>`)}</ul>`}
<h2>For how long</h2>
<p>${durationOf(request)}${
      openid.includes('offline_access')
        ? ` It can stay signed in for you up to ${durationInWords(lifetimes.refresh)} at a time while you are away.`
        : undefined
    }</p>
<p>You can withdraw it at any time under <a href="/consents">your consents</a>.</p>
<form method="post" action="${form.action}">
${form.hidden}
<div class="choices">
<button class="main" type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</div>
</form>
</div>`,
  })
}

function whoAsks({ agent, client }: ConsentRequest): Html {
  if (agent === undefined)
    return html`<p>The application <strong>${client.name}</strong> asks for access in your name.</p>`
  return html`<p>The agent <strong>${agent.name}</strong> asks to do this in your name${
    client.name === agent.name ? undefined : html`, through ${client.name}`
  }.</p>
${agent.description === '' ? undefined : html`<p>${agent.description}</p>`}
<p class="soft">${agent.id}, run by ${agent.owner}</p>`
}

function durationOf({ agent, lifetimes, apis }: ConsentRequest): string {
  const lasts = apis.some(({ permissions }) => permissions.some(({ consent }) => consent === 'once'))
  if (agent !== undefined && lasts) return `For ${durationInWords(lifetimes.consent)}.`
  return `For this sign-in, ${durationInWords(lifetimes.session)} at the most.`
}

/** Keeps what was allowed: in the engine's grant, and as consents of the agent for what is asked once. */
export async function allowConsent(
  context: Context,
  engine: Provider,
  interaction: Interaction,
  request: ConsentRequest,
): Promise<Record<string, unknown>> {
  const earlier = interaction.grantId === undefined ? undefined : await engine.Grant.find(interaction.grantId)
  const grant = earlier ?? new engine.Grant({ accountId: request.subject, clientId: request.client.id })
  if (request.openid.length > 0) grant.addOIDCScope(request.openid.join(' '))
  for (const [resource, scope] of Object.entries(request.resources)) grant.addResourceScope(resource, scope.join(' '))
  await keepOnce(context, request)
  return { consent: { grantId: await grant.save() } }
}

async function keepOnce({ policy, consents, settings, now }: Context, request: ConsentRequest): Promise<void> {
  const { agent, subject, sessionId, scope, details } = request
  if (agent === undefined) return
  const permissions = permissionsNamed(await policy.current(), scope)
  for (const { resource } of request.apis) {
    const call = { subject, agentId: agent.id, resource, scope, details, transaction: null }
    for (const need of consentNeeds({ permissions }, call)) {
      if (need.mode !== 'once') continue
      await consents.grant({ ...need, sessionId, expiresAt: now() + consentLifetime(settings, 'once') })
    }
  }
}

/** Records that it was denied: nothing is kept. */
export async function denyConsent({ audit }: Context, request: ConsentRequest): Promise<Record<string, unknown>> {
  const { agent, client, subject, scope } = request
  await audit.record({
    type: 'consent.denied',
    decision: 'deny',
    reason: { code: 'denied_by_person', oauth_error: 'access_denied' },
    subject: { id: subject, profile: 'user' },
    ...(agent === undefined ? {} : { actor: { id: agent.id, profile: 'ai_agent' } }),
    client: { id: client.id },
    requested: { scope },
  })
  return { ...refusal('access_denied', 'the person denied it') }
}
