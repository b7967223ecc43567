import { createHash } from 'node:crypto'
import type { Middleware } from 'koa'
import type { Context } from '../context.js'
import { first } from '../database/database.js'
import { statusListSize } from '../tokens/status-list-size.js'
import { writeStatusList } from './status-list.js'

/** Seconds a receiver keeps a list: about as long a revocation is unseen by one that relies on lists alone. */
const ttl = 15

/** Seconds from which a list must not be relied on. */
const lifetime = 900

/** Seconds this process serves a list it made. */
const madeFor = 2

/** Lists this process remembers. */
const maxMade = 64

interface MadeList {
  readonly at: number
  readonly text: string
  readonly tag: string
}

/** Serves the status lists of issued tokens at `/statuslists/:number` (draft-ietf-oauth-status-list section 8). */
export function statusLists({
  database,
  keys,
  settings,
  now,
}: Pick<Context, 'database' | 'keys' | 'settings' | 'now'>): Middleware {
  const made = new Map<number, MadeList>()

  async function listOf(number: number): Promise<MadeList | undefined> {
    const time = Math.floor(now())
    const known = made.get(number)
    if (known !== undefined && time >= known.at && time - known.at < madeFor) return known
    if (!(await exists(number))) return undefined
    const list = await make(number, time)
    made.delete(number)
    made.set(number, list)
    const [oldest] = made.keys()
    if (made.size > maxMade && oldest !== undefined) made.delete(oldest)
    return list
  }

  async function exists(number: number): Promise<boolean> {
    const row = first(
      await database.query<{ newest: number | null }>('select max(status_list) as newest from issued_tokens'),
    )
    return number === 0 || number <= (row?.newest ?? 0)
  }

  async function make(number: number, time: number): Promise<MadeList> {
    const rows = await database.query<{ status_index: number }>(
      'select status_index from issued_tokens where status_list = $1 and revoked_at is not null',
      [number],
    )
    const claims = await writeStatusList(
      {
        uri: `${settings.issuer}/statuslists/${number}`,
        issuer: settings.issuer,
        size: statusListSize,
        revoked: rows.map(({ status_index: index }) => index),
      },
      { now: time, lifetime, ttl },
    )
    const text = await keys.sign('token', { typ: 'statuslist+jwt' }, claims)
    return { at: time, text, tag: `"${createHash('sha256').update(text).digest('base64url')}"` }
  }

  return async (ctx, next) => {
    const number = /^\/statuslists\/(?<number>0|[1-9]\d{0,5})$/u.exec(ctx.path)?.groups?.number
    if (number === undefined || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) {
      await next()
      return
    }
    const list = await listOf(Number(number))
    if (list === undefined) {
      ctx.status = 404
      return
    }
    ctx.status = 200
    ctx.set('Cache-Control', `public, max-age=${ttl}`)
    ctx.set('ETag', list.tag)
    ctx.set('Access-Control-Allow-Origin', '*')
    if (ctx.fresh) {
      ctx.status = 304
      return
    }
    ctx.type = 'application/statuslist+jwt'
    ctx.body = list.text
  }
}
