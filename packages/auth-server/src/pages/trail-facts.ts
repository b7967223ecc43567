import { type Html, html, type Part } from './html.js'

/** A few facts, side by side. */
export function facts(...parts: readonly Part[]): Html {
  return html`<dl class="facts">${parts}</dl>`
}

/** One of them. */
export function fact(name: string, value: Html): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>
`
}
