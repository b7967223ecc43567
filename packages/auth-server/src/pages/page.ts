import type { Context } from 'koa'
import { type Html, html } from './html.js'
import { stylesheetPath } from './stylesheet.js'

/** One page: `title` is its name and its one `h1`. */
export interface Page {
  readonly title: string
  readonly body: Html
  /** Shown above: where else to go. */
  readonly navigation?: Html
  /** Whether it is as wide as the window: for tables. */
  readonly isWide?: boolean
  /** Where its forms may lead, beside this server: an application that is sent the answer. */
  readonly formTargets?: readonly string[]
}

/** Answers with a page. Nothing in it runs, nothing is loaded but its style, and no one keeps or frames it. */
export function sendPage(ctx: Context, status: number, page: Page): void {
  const targets = ["'self'", ...(page.formTargets ?? [])].join(' ')
  ctx.status = status
  ctx.type = 'text/html; charset=utf-8'
  ctx.set('Cache-Control', 'no-store')
  // same-origin, not no-referrer: with that a browser would say "Origin: null" when it sends a form
  ctx.set('Referrer-Policy', 'same-origin')
  ctx.set(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'self'; form-action ${targets}; frame-ancestors 'none'; base-uri 'none'`,
  )
  ctx.body = render(page)
}

function render({ title, body, navigation, isWide }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="${stylesheetPath}">
</head>
<body${isWide && html` class="wide"`}>
${navigation === undefined ? undefined : html`<a class="skip" href="#main">Skip to the page</a><header>${navigation}</header>`}
<main id="main">
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.markup
}

/** A page that says what went wrong and what to do now. */
export function sendNotice(ctx: Context, status: number, title: string, text: string, onward?: Html): void {
  sendPage(ctx, status, { title, body: html`<div class="card"><p>${text}</p>${onward}</div>` })
}
