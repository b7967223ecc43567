import Router, { type RouterContext } from '@koa/router'
import type { Middleware, Context as Request } from 'koa'
import type { Context } from '../context.js'
import { InvalidInputError } from '../errors.js'
import type { Forms } from './form.js'
import { type Html, html } from './html.js'
import { sendNotice, sendPage } from './page.js'
import { middlewareOf } from './router-middleware.js'
import type { Sessions, SignedIn } from './session.js'
import { navigation, seeOther } from './sign-in.js'
import { searchAddress, trailPath, verificationPath } from './trail-address.js'
import { eventBody } from './trail-event.js'
import { readTrailQuery } from './trail-filter.js'
import { filterForm, presets } from './trail-filter-form.js'
import { readLine } from './trail-line.js'
import { demandReader } from './trail-reader.js'
import { trailTable } from './trail-table.js'
import { taskBody } from './trail-task.js'
import { visible } from './trail-text.js'
import { createVerifier, verifyForm } from './trail-verification.js'
import { counted } from './words.js'

/** Events on a page of the trail, and of a task. */
const rows = 100
const steps = 250

interface Parts {
  readonly forms: Forms
  readonly sessions: Sessions
}

/**
 * The trail for people: who did what, for whom, and whether it was allowed. Each page reads by itself, outside of any
 * transaction: verifying holds none while it reads everything.
 */
export function createTrail(context: Context, { forms, sessions }: Parts): Middleware {
  const { audit, now } = context
  const verifier = createVerifier(context)
  const router = new Router()

  onGet(trailPath, async (ctx, reader) => {
    const query = readTrailQuery(ctx.querystring)
    if (query === undefined) return sendNoSuch(ctx)
    if (query.isLoose) return seeOther(ctx, searchAddress(query.fields))
    const { filter, fields, after } = query
    const found = await search(filter, { after, limit: rows, order: 'newest' })
    if (found === undefined) return sendNoSuch(ctx)
    const { lines, next } = found
    const older = next === undefined ? undefined : searchAddress(new Map(fields).set('after', next))
    const newest = after === undefined ? undefined : searchAddress([...fields].filter(([name]) => name !== 'after'))
    send(ctx, reader, {
      title: 'Audit trail',
      body: html`<div class="above">${presets(query, now())}${verifyForm(forms.token(ctx), 'Verify the trail')}</div>
${filterForm(query)}
<p class="pager"><span class="soft" role="status">${lines.length === 0 ? 'No event matches.' : `${counted(lines.length, 'event')}, newest first`}</span>${newest && html` <a href="${newest}">Newest</a>`}${older && html` <a href="${older}">Older</a>`}</p>
${lines.length > 0 && trailTable(lines)}
${older && html`<p class="pager"><a href="${older}">Older</a></p>`}`,
    })
  })

  onGet(`${trailPath}/tasks/:task`, async (ctx, reader) => {
    const { task = '' } = ctx.params
    const after = onlyParameter(ctx, 'after')
    if (after === null) return sendNoSuch(ctx)
    const found = await search({ transaction: task }, { after, limit: steps, order: 'oldest' })
    if (found === undefined) return sendNoSuch(ctx)
    if (found.lines.length === 0) return sendNothing(ctx, 'There is no such task')
    const body = taskBody({ task, ...found, isContinued: after !== undefined })
    send(ctx, reader, { title: `Task ${visible(task)}`, body })
  })

  onGet(`${trailPath}/events/:id`, async (ctx, reader) => {
    const client = onlyParameter(ctx, 'client')
    if (client === null) return sendNoSuch(ctx)
    const event = await audit.find(ctx.params.id ?? '', client)
    if (event === undefined) return sendNothing(ctx, 'There is no such event')
    send(ctx, reader, { title: `Event ${visible(readLine(event).type)}`, body: eventBody(event) })
  })

  onGet(verificationPath, async (ctx, reader) => sendVerification(ctx, reader, 200))

  router.post(verificationPath, async (ctx) => {
    const reader = await demandReader(context, ctx, sessions, verificationPath)
    const fields = reader && (await forms.read(ctx))
    if (reader === undefined || fields === undefined) return
    sendVerification(ctx, reader, (await verifier.run()) ? 200 : 409)
  })

  /** A page for those who may read the trail. */
  function onGet(path: string, answer: (ctx: RouterContext, reader: SignedIn) => Promise<void>): void {
    router.get(path, async (ctx) => {
      const reader = await demandReader(context, ctx, sessions, path)
      if (reader !== undefined) await answer(ctx, reader)
    })
  }

  /** @returns undefined where the page does not begin at a cursor of this search */
  async function search(...asked: Parameters<typeof audit.search>) {
    try {
      const { events, next } = await audit.search(...asked)
      return { lines: events.map(readLine), next }
    } catch (error) {
      if (error instanceof InvalidInputError) return undefined
      throw error
    }
  }

  function sendVerification(ctx: Request, reader: SignedIn, status: number): void {
    send(ctx, reader, { status, title: 'Verification of the trail', body: verifier.body(forms.token(ctx)) })
  }

  function send(
    ctx: Request,
    reader: SignedIn,
    { status = 200, ...page }: { readonly status?: number; readonly title: string; readonly body: Html },
  ): void {
    sendPage(ctx, status, { ...page, navigation: navigation(ctx, reader, forms), isWide: true })
  }

  return middlewareOf(router)
}

function sendNoSuch(ctx: Request): void {
  const text = 'The address asks for something that the trail does not have: a filter or a place that is none.'
  sendNotice(ctx, 400, 'This is no search', text, back())
}

function sendNothing(ctx: Request, title: string): void {
  sendNotice(ctx, 404, title, 'The trail has nothing of it.', back())
}

function back(): Html {
  return html`<p><a href="${trailPath}">Back to the trail</a></p>`
}

/** The one parameter that an address may have; null where it has others. */
function onlyParameter({ querystring }: Request, name: string): string | undefined | null {
  const [first, ...others] = new URLSearchParams(querystring)
  if (first === undefined) return undefined
  return first[0] === name && others.length === 0 ? first[1] : null
}
