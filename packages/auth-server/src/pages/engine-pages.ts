import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { html, trusted } from './html.js'
import { sendNotice, sendPage } from './page.js'

/** What the engine refuses where there is no application to tell. */
export const renderError: NonNullable<Configuration['renderError']> = (ctx, out) => {
  const { status } = ctx
  sendNotice(ctx, status, 'This did not work', sentence(out.error_description), html`<p class="soft">${out.error}</p>`)
}

/** Asks whether to sign out. `form` is the engine's. */
export function renderSignOut(ctx: KoaContextWithOIDC, form: string): void {
  sendPage(ctx, 200, {
    title: 'Sign out?',
    body: html`<div class="card">${trusted(form)}
<div class="choices"><button class="main" type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button type="submit" form="op.logoutForm">Stay signed in</button></div></div>`,
  })
}

/** Says that the person is signed out. */
export function renderSignedOut(ctx: KoaContextWithOIDC): void {
  sendPage(ctx, 200, { title: 'You are signed out', body: html`<p>You can close this page.</p>` })
}

function sentence(text: string | undefined): string {
  return text === undefined ? 'Go back to the application and start again.' : `The request was refused: ${text}.`
}
