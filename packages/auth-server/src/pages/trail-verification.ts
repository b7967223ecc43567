import { performance } from 'node:perf_hooks'
import type { AuditFault, AuditVerification } from '../audit/audit-trail.js'
import type { Context } from '../context.js'
import { type Html, html } from './html.js'
import { verificationPath } from './trail-address.js'
import { said } from './trail-text.js'
import { counted, moment } from './words.js'

/** How the trail was found the last time it was read here. */
interface Found {
  readonly verification: AuditVerification
  /** When it was done. Seconds since the epoch. */
  readonly at: number
  /** Seconds that it took. */
  readonly took: number
}

/** Reads the whole trail for people, once at a time: it is long. */
export interface Verifier {
  /** @returns false where it is being read already */
  run(): Promise<boolean>
  /** What is known now. `token` goes into the form that begins it. */
  body(token: Html): Html
}

/** The verifier of one process. */
export function createVerifier({ audit, now }: Pick<Context, 'audit' | 'now'>): Verifier {
  let since: number | undefined
  let found: Found | undefined

  return {
    run: async () => {
      if (since !== undefined) return false
      since = now()
      try {
        const begun = performance.now()
        const verification = await audit.verify()
        found = { verification, at: now(), took: (performance.now() - begun) / 1000 }
      } finally {
        since = undefined
      }
      return true
    },
    body: (token) => html`${found && outcome(found)}
<div class="card"><p>Every event holds the digest of the one before it, and the ends of the chains are signed. All of it is read again
and compared. A long trail takes minutes.</p>
${
  since === undefined
    ? verifyForm(token, 'Verify the trail')
    : html`<p class="alert" role="status">It is being read since ${moment(since)}. Load this page again to see how it was found.</p>`
}</div>`,
  }
}

/** The button that begins it. */
export function verifyForm(token: Html, words: string): Html {
  return html`<form class="verify" method="post" action="${verificationPath}">${token}<button class="small" type="submit">${words}</button></form>`
}

const faults: Readonly<Record<AuditFault, string>> = {
  altered: 'is altered',
  missing: 'is missing',
  reordered: 'is not in its place',
  truncated: 'is missing, and all that came after it',
  forged_checkpoint: 'has a checkpoint that this server did not sign',
}

function outcome({ verification: { intact, chains }, at, took }: Found): Html {
  const events = chains.reduce((sum, chain) => sum + chain.events, 0)
  const faulty = chains.filter(({ fault }) => fault !== undefined)
  return html`<section class="card" aria-labelledby="found">
<h2 id="found">${
    intact
      ? html`<span class="badge allow"><span aria-hidden="true">✓</span> intact</span> All ${counted(events, 'event')} in ${counted(chains.length, 'chain')} are as they were written`
      : html`<span class="badge deny"><span aria-hidden="true">✕</span> not intact</span> ${counted(faulty.length, 'chain')} of ${chains.length} ${faulty.length === 1 ? 'is' : 'are'} not as written`
  }</h2>
${faulty.map(
  ({ chain, fault }) =>
    fault && html`<p class="alert">Record ${fault.seq} of the chain ${said(chain)} ${faults[fault.what]}.</p>`,
)}
<p class="soft">Read ${moment(at)}, in ${took.toFixed(2)} seconds.</p>
<details${!intact && html` open`}><summary>The chains</summary>
<ul class="plain chains">${chains.map(
    ({ chain, events: count, checkpoints, fault }) =>
      html`<li>${said(chain)} <span class="soft">${counted(count, 'event')}${fault && ' as far as it was read'}, ${counted(checkpoints, 'checkpoint')}</span></li>`,
  )}</ul></details></section>`
}
