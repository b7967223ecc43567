import Router from '@koa/router'
import type { Middleware, Context as Request } from 'koa'
import type { Forms } from './form.js'
import { html } from './html.js'
import { sendNotice, sendPage } from './page.js'
import type { PasswordAttempts } from './password-attempts.js'
import { middlewareOf } from './router-middleware.js'
import type { Sessions, SignedIn } from './session.js'
import { sendSignIn } from './sign-in-form.js'

interface Parts {
  readonly forms: Forms
  readonly sessions: Sessions
  readonly attempt: PasswordAttempts
}

/** Where people go after they signed in, when they did not come from anywhere. */
const home = '/approvals'

/** Sign in and out, for the pages of this server. */
export function createSignIn({ forms, sessions, attempt }: Parts): Middleware {
  const router = new Router()

  function show(
    ctx: Request,
    onward: string,
    earlier: Pick<Parameters<typeof sendSignIn>[1], 'username' | 'attempt'> = {},
  ): void {
    sendSignIn(ctx, {
      action: '/sign-in',
      hidden: html`${forms.token(ctx)}<input type="hidden" name="return" value="${onward}">`,
      purpose: 'Sign in to see what waits for you.',
      ...earlier,
    })
  }

  router.get('/sign-in', (ctx) => show(ctx, ownPath(ctx.query.return)))

  router.post('/sign-in', async (ctx) => {
    const fields = await forms.read(ctx)
    if (fields === undefined) return
    const username = fields.get('username') ?? ''
    const onward = ownPath(fields.get('return'))
    await attempt(username, fields.get('password') ?? '', async (result) => {
      if (result.outcome !== 'signed_in') return show(ctx, onward, { username, attempt: result })
      await sessions.start(ctx, result.account)
      forms.renew(ctx)
      seeOther(ctx, onward)
    })
  })

  router.post('/sign-out', async (ctx) => {
    const signedIn = await sessions.read(ctx)
    if ((await forms.read(ctx)) === undefined) return
    if (signedIn !== undefined) await sessions.end(ctx, signedIn)
    forms.renew(ctx)
    sendPage(ctx, 200, {
      title: 'You are signed out',
      body: html`<p>What was issued in this sign-in has ended too. <a href="/sign-in">Sign in again</a></p>`,
    })
  })

  return middlewareOf(router)
}

/** Who is signed in; where no one is, they are asked to, and brought back. */
export async function demandSignIn(ctx: Request, sessions: Sessions): Promise<SignedIn | undefined> {
  const signedIn = await sessions.read(ctx)
  if (signedIn !== undefined) return signedIn
  if (ctx.method === 'GET') seeOther(ctx, `/sign-in?return=${encodeURIComponent(ctx.path + ctx.search)}`)
  else {
    const link = html`<p><a href="/sign-in">Sign in</a></p>`
    sendNotice(ctx, 401, 'Please sign in again', 'Your sign-in has ended. Nothing was changed.', link)
  }
  return undefined
}

/** Whether someone may read the trail: by the permission that lets them read it through the admin API. */
export function mayReadTrail({ account }: SignedIn): boolean {
  return account.permissions.includes('admin:audit')
}

/** Where else one can go. */
export function navigation(ctx: Request, signedIn: SignedIn, forms: Forms) {
  return html`<nav aria-label="Pages"><a href="/approvals">Approvals</a> <a href="/consents">Your consents</a>${mayReadTrail(signedIn) && html` <a href="/trail">Audit trail</a>`}</nav>
<form method="post" action="/sign-out">${forms.token(ctx)}<span class="soft">${signedIn.account.name}</span>
<button class="small" type="submit">Sign out</button></form>`
}

/** Answers a form with another page to load. */
export function seeOther(ctx: Request, path: string): void {
  ctx.status = 303
  ctx.set('Cache-Control', 'no-store')
  ctx.redirect(path)
}

/** Paths of these pages, with or without a query. */
const own =
  /^\/(?:(?:approvals|consents)(?:\/[\w-]+)?|trail(?:\/verification|\/(?:tasks|events)\/[\w.~*%-]+)?)(?:\?[\w.~%&=+:*-]*)?$/u

/** Characters of a path that is gone back to. */
const longestPath = 4_000

/** A path of these pages: nowhere else does a sign-in lead. */
function ownPath(path: unknown): string {
  return typeof path === 'string' && path.length <= longestPath && own.test(path) ? path : home
}
