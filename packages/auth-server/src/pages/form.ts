import { Buffer } from 'node:buffer'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import { readForm } from '../introspection/form.js'
import type { Settings } from '../settings.js'
import { type Html, html } from './html.js'
import { sendNotice } from './page.js'

/** Bytes of a form at most. */
const longestForm = 16_384

/** Name of the field that repeats the cookie. */
const field = 'form_token'

/**
 * Guards the forms of the pages against being sent from elsewhere: a token that only a page of this server and its cookie
 * know, and the browser's word where the form came from.
 */
export interface Forms {
  /** The hidden field of a form. Gives the browser a cookie where it has none. */
  token(ctx: Context): Html
  /** The fields of a form that was sent from one of these pages; undefined where it was not, and then it is answered. */
  read(ctx: Context): Promise<URLSearchParams | undefined>
  /** Gives the browser another token: whenever someone signs in or out. */
  renew(ctx: Context): string
}

/** Guards the forms of one server. */
export function createForms({ issuer }: Pick<Settings, 'issuer'>): Forms {
  const isHttps = issuer.startsWith('https:')
  const name = isHttps ? '__Host-behalf-form' : 'behalf-form'

  function renew(ctx: Context): string {
    const token = randomBytes(32).toString('base64url')
    ctx.cookies.secure = isHttps // TLS may end in front of this process
    ctx.cookies.set(name, token, {
      httpOnly: true,
      sameSite: 'strict',
      secure: isHttps,
      signed: true,
      path: '/',
      overwrite: true,
    })
    return token
  }

  return {
    token: (ctx) => {
      const token = ctx.cookies.get(name, { signed: true }) ?? renew(ctx)
      return html`<input type="hidden" name="${field}" value="${token}">`
    },
    read: async (ctx) => {
      const fields = await readFields(ctx)
      const token = ctx.cookies.get(name, { signed: true })
      const isOwn = ctx.get('Origin') === issuer && ['', 'same-origin'].includes(ctx.get('Sec-Fetch-Site'))
      if (fields !== undefined && isOwn && token !== undefined && isSame(token, fields.get(field))) return fields
      const text =
        'Nothing was changed, because the page you sent was out of date. Go back, load it again, and try once more.'
      sendNotice(ctx, 403, 'Please try again', text)
      return undefined
    },
    renew,
  }
}

function isSame(token: string, sent: string | null): boolean {
  const [one, other] = [Buffer.from(token), Buffer.from(sent ?? '')]
  return one.length === other.length && timingSafeEqual(one, other)
}

async function readFields(ctx: Context): Promise<URLSearchParams | undefined> {
  if (ctx.is('application/x-www-form-urlencoded') === false || (ctx.length ?? 0) > longestForm) return undefined
  const body = await readForm(ctx.req, longestForm)
  return body && new URLSearchParams(body.toString('utf8'))
}
