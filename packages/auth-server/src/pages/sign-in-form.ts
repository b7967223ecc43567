import type { Context } from 'koa'
import { type Html, html } from './html.js'
import { type Page, sendPage } from './page.js'
import type { Attempt } from './password-attempts.js'

/** What a sign-in page shows. */
export interface SignInForm {
  readonly action: string
  /** Hidden fields. */
  readonly hidden: Html
  /** What one signs in for, in one sentence. */
  readonly purpose: string
  readonly username?: string
  /** How an earlier attempt ended. */
  readonly attempt?: Exclude<Attempt, { readonly outcome: 'signed_in' }> | { readonly outcome: 'other_account' }
  readonly formTargets?: Page['formTargets']
}

const faults = {
  wrong: 'The username and password do not fit. Please try again.',
  too_many: 'There were too many attempts with this username. Please wait a while.',
  other_account:
    'Someone else is signed in here. Sign out under "Approvals" first, then start again from the application.',
} as const

/** Answers with the sign-in page. */
export function sendSignIn(ctx: Context, { attempt, ...form }: SignInForm): void {
  if (attempt?.outcome === 'too_many') ctx.set('Retry-After', String(attempt.retryAfter))
  sendPage(ctx, statusOf(attempt), {
    title: 'Sign in',
    ...(form.formTargets === undefined ? {} : { formTargets: form.formTargets }),
    body: html`<p>${form.purpose}</p>
<form class="card" method="post" action="${form.action}">
${attempt === undefined ? undefined : html`<p class="alert" role="alert" id="fault">${faults[attempt.outcome]}${attempt.outcome === 'other_account' && html` <a href="/approvals">Approvals</a>`}</p>`}
${form.hidden}
<label for="username">Username</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="200" required value="${form.username ?? ''}"${described(attempt)}${autofocus(form.username === undefined)}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1000" required${described(attempt)}${autofocus(form.username !== undefined)}>
<div class="choices"><button class="main" type="submit">Sign in</button></div>
</form>`,
  })
}

function statusOf(attempt: SignInForm['attempt']): number {
  if (attempt === undefined) return 200
  if (attempt.outcome === 'too_many') return 429
  return attempt.outcome === 'wrong' ? 401 : 409
}

function described(attempt: SignInForm['attempt']): Html | undefined {
  return attempt === undefined ? undefined : html` aria-describedby="fault"`
}

function autofocus(isWanted: boolean): Html | undefined {
  return isWanted ? html` autofocus` : undefined
}
