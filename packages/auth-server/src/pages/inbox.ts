import Router from '@koa/router'
import type { Middleware, Context as Request } from 'koa'
import type { Approval } from '../approvals/approval.js'
import type { Context } from '../context.js'
import type { Forms } from './form.js'
import { type Html, html } from './html.js'
import { itemBody } from './inbox-item.js'
import { sendNotice, sendPage } from './page.js'
import { middlewareOf } from './router-middleware.js'
import type { Sessions, SignedIn } from './session.js'
import { demandSignIn, navigation, seeOther } from './sign-in.js'
import { isSignInTooOld } from './sign-in-age.js'
import { moment } from './words.js'

/** Items on one page. */
const most = 100

/** Permission of an account that lets it decide what waits for approvers. */
const approve = 'admin:approve'

interface Parts {
  readonly forms: Forms
  readonly sessions: Sessions
}

/** The approvals inbox: what waits for a person, and for approvers. */
export function createInbox(context: Context, { forms, sessions }: Parts): Middleware {
  const { approvals, agents } = context
  const router = new Router()

  router.get('/approvals', async (ctx) => {
    const signedIn = await demandSignIn(ctx, sessions)
    if (signedIn === undefined) return
    const own = await approvals.list({ subject: signedIn.account.subject, limit: most })
    const shared = isApprover(signedIn) ? await approvals.list({ subject: null, limit: most }) : []
    const items = await Promise.all([...own, ...shared].map(withAgent))
    const waiting = items.filter(({ item }) => item.status === 'pending')
    const earlier = items.filter(({ item }) => item.status !== 'pending').slice(0, 20)
    sendPage(ctx, 200, {
      title: 'Approvals',
      navigation: navigation(ctx, signedIn, forms),
      body: html`<section class="card" aria-labelledby="waiting"><h2 id="waiting">Waiting for you</h2>
${waiting.length === 0 ? html`<p>Nothing waits for you.</p>` : html`<ul class="plain">${waiting.map(line)}</ul>`}</section>
${earlier.length === 0 ? undefined : html`<section class="card" aria-labelledby="earlier"><h2 id="earlier">Earlier</h2><ul class="plain">${earlier.map(line)}</ul></section>`}`,
    })
  })

  router.get('/approvals/:id', async (ctx) => {
    const signedIn = await demandSignIn(ctx, sessions)
    const item = signedIn && (await find(ctx, signedIn, ctx.params.id ?? ''))
    if (signedIn === undefined || item === undefined) return
    const { agent } = await withAgent(item)
    sendPage(ctx, 200, {
      title: titleOf(item, agent?.name ?? item.agentId),
      navigation: navigation(ctx, signedIn, forms),
      body: html`<div class="card">${await itemBody(context, item, agent)}
${item.status === 'pending' ? choices(ctx, item, await isSignInTooOld(context, item, signedIn)) : html`<p><strong>${outcomeOf(item)}</strong></p>`}</div>
<p><a href="/approvals">Back to approvals</a></p>`,
    })
  })

  router.post('/approvals/:id', async (ctx) => {
    const signedIn = await demandSignIn(ctx, sessions)
    const fields = signedIn && (await forms.read(ctx))
    const item = fields && (await find(ctx, signedIn, ctx.params.id ?? ''))
    if (signedIn === undefined || fields === undefined || item === undefined) return
    const decision = fields.get('decision') === 'approve' ? 'approved' : 'denied'
    if (decision === 'approved' && (await isSignInTooOld(context, item, signedIn))) {
      return seeOther(ctx, signInFor(item))
    }
    if (await approvals.decide(item.id, decision, signedIn.account.subject, signedIn.sessionId)) {
      return seeOther(ctx, `/approvals/${item.id}`)
    }
    const link = html`<p><a href="/approvals">Back to approvals</a></p>`
    sendNotice(ctx, 409, 'Nothing was changed', 'It was decided already, or it took too long.', link)
  })

  function choices(ctx: Request, item: Approval, isOld: boolean): Html {
    return html`${isOld ? html`<p>You signed in too long ago to approve this. <a href="${signInFor(item)}">Sign in again</a></p>` : undefined}
<form method="post" action="/approvals/${item.id}">${forms.token(ctx)}
<div class="choices">${isOld ? undefined : html`<button class="main" type="submit" name="decision" value="approve">Approve</button>`}
<button type="submit" name="decision" value="deny">Deny</button></div></form>`
  }

  async function find(ctx: Request, signedIn: SignedIn, id: string): Promise<Approval | undefined> {
    const item = await approvals.find(id)
    if (item !== undefined && mayDecide(signedIn, item)) return item
    const link = html`<p><a href="/approvals">Back to approvals</a></p>`
    sendNotice(ctx, 404, 'There is no such request', 'It is not there, or it is not yours to decide.', link)
    return undefined
  }

  async function withAgent(item: Approval) {
    return { item, agent: await agents.find(item.agentId) }
  }

  return middlewareOf(router)
}

/** Where a person signs in, and comes back to an item. */
function signInFor({ id }: Approval): string {
  return `/sign-in?return=${encodeURIComponent(`/approvals/${id}`)}`
}

function isApprover({ account }: SignedIn): boolean {
  return account.permissions.includes(approve)
}

function mayDecide(signedIn: SignedIn, item: Approval): boolean {
  return item.kind === 'consent' ? item.subject === signedIn.account.subject : isApprover(signedIn)
}

function line({
  item,
  agent,
}: {
  readonly item: Approval
  readonly agent: { readonly name: string } | undefined
}): Html {
  return html`<li><a href="/approvals/${item.id}">${titleOf(item, agent?.name ?? item.agentId)}</a>
<br><span class="soft">${item.request.scope.join(', ')} · ${moment(item.createdAt)}${
    item.status === 'pending' ? undefined : html` · ${outcomeOf(item)}`
  }</span></li>`
}

function titleOf({ kind }: Approval, agent: string): string {
  if (kind === 'consent') return `${agent} asks to act for you`
  return kind === 'grant' ? `${agent} asks for more rights for a while` : `${agent} asks for something no one knows`
}

function outcomeOf({ status }: Approval): string {
  if (status === 'approved') return 'Approved'
  return status === 'denied' ? 'Denied' : 'Ran out'
}
