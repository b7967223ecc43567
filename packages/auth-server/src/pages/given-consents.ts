import Router from '@koa/router'
import type { Middleware } from 'koa'
import type { Consent } from '../consents/consent.js'
import type { Context } from '../context.js'
import { describeAsked } from './asked-for.js'
import type { Forms } from './form.js'
import { type Html, html } from './html.js'
import { sendNotice, sendPage } from './page.js'
import { middlewareOf } from './router-middleware.js'
import type { Sessions } from './session.js'
import { demandSignIn, navigation, seeOther } from './sign-in.js'
import { moment } from './words.js'

/** Consents on one page. */
const most = 200

interface Parts {
  readonly forms: Forms
  readonly sessions: Sessions
}

/** The consents a person gave, each to be withdrawn. */
export function createGivenConsents(context: Context, { forms, sessions }: Parts): Middleware {
  const { consents, revocations, now } = context
  const router = new Router()

  router.get('/consents', async (ctx) => {
    const signedIn = await demandSignIn(ctx, sessions)
    if (signedIn === undefined) return
    const given = await consents.list({ subject: signedIn.account.subject, limit: most })
    const token = forms.token(ctx)
    const lines = await Promise.all(given.filter(isInForce).map((consent) => line(consent, token)))
    sendPage(ctx, 200, {
      title: 'Your consents',
      navigation: navigation(ctx, signedIn, forms),
      body: html`<p>What you allowed agents to do in your name. Withdrawing one ends what was issued on it.</p>
<div class="card">${lines.length === 0 ? html`<p>There is none.</p>` : html`<ul class="plain">${lines}</ul>`}</div>`,
    })
  })

  router.post('/consents/:id/withdrawal', async (ctx) => {
    const signedIn = await demandSignIn(ctx, sessions)
    const fields = signedIn && (await forms.read(ctx))
    if (signedIn === undefined || fields === undefined) return
    const { subject } = signedIn.account
    const consent = await consents.find(ctx.params.id ?? '')
    if (consent?.subject !== subject) {
      const link = html`<p><a href="/consents">Back to your consents</a></p>`
      return sendNotice(ctx, 404, 'There is no such consent', 'Nothing was changed.', link)
    }
    if (consent.status !== 'withdrawn') {
      await revocations.withdraw({ kind: 'consent', value: consent.id, reason: 'withdrawn by the person', by: subject })
    }
    seeOther(ctx, '/consents')
  })

  function isInForce({ status, expiresAt }: Consent): boolean {
    return status === 'granted' && (expiresAt === null || expiresAt > now())
  }

  async function line(consent: Consent, token: Html): Promise<Html> {
    const agent = await context.agents.find(consent.agentId)
    const [api] = await describeAsked(context, [consent.permission], consent.resource)
    const words = api?.permissions[0]?.words ?? consent.permission
    const name = agent?.name ?? consent.agentId
    return html`<li><strong>${name}</strong>: ${words} <span class="soft">(${consent.permission} at ${api?.name ?? consent.resource})</span>
${consent.detailsDigest === '' ? undefined : html`<br>For one record only.`}
${consent.transaction === null ? undefined : html`<br>For the task ${consent.transaction}.`}
<br><span class="soft">Since ${moment(consent.createdAt)}${consent.expiresAt === null ? undefined : html`, until ${moment(consent.expiresAt)}`}</span>
<form method="post" action="/consents/${consent.id}/withdrawal">${token}
<button class="small" type="submit" aria-label="Withdraw: ${name}, ${words}">Withdraw</button></form></li>`
  }

  return middlewareOf(router)
}
