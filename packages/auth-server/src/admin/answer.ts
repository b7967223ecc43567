import { Readable } from 'node:stream'
import type { Context as KoaContext } from 'koa'
import { entityTag, hasTag } from './entity-tag.js'
import { formatProblem, type ProblemError, problemTable } from './problem.js'
import type { Outcome, Route } from './route.js'

/** A finished HTTP answer. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Sent in place of the body. When it fails, the connection is destroyed: what was cut must not look whole. */
  readonly stream?: Readable
}

/** Formats what a route answers. */
export function formatOutcome(
  route: Route,
  { body, location, next, pieces }: Outcome<unknown>,
  address: Address,
): Answer {
  const headers: Record<string, string> = {
    'Cache-Control': route.method === 'get' ? 'private, no-cache' : 'no-store',
  }
  if (location !== undefined) headers.Location = address.root + location
  if (next !== undefined) headers.Link = `<${linkTo(address, next)}>; rel="next"`
  if (route.answer === undefined) return { status: route.status ?? 204, headers, body: '' }
  const media = mediaOf(route)
  headers['Content-Type'] = media === 'application/yaml' ? 'application/yaml; charset=utf-8' : media
  if (route.entity === true) headers.ETag = entityTag(body)
  const status = route.status ?? 200
  if (pieces !== undefined) return { status, headers, body: '', stream: Readable.from(pieces) }
  return { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

/** Media type of what a route answers. */
export function mediaOf({ answers, media }: Pick<Route, 'answers' | 'media'>): string {
  return answers ?? media ?? 'application/json'
}

/** Formats a refusal (RFC 9457). */
export function formatRefusal(problem: ProblemError): Answer {
  return {
    status: problemTable[problem.code].status,
    headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/problem+json' },
    body: formatProblem(problem),
  }
}

/** Sends an answer as it is. */
export function send(ctx: KoaContext, { status, headers, body, stream }: Answer): void {
  ctx.status = status
  if (status === 204) ctx.body = null
  else ctx.body = stream ?? body
  ctx.set(headers)
  const isRead = ctx.method === 'GET' || ctx.method === 'HEAD'
  if (status === 200 && isRead && headers.ETag !== undefined && hasTag(ctx.get('If-None-Match'), headers.ETag)) {
    ctx.status = 304
  }
}

/** Where a request was sent, in terms of the configuration and never of `Host`. */
export interface Address {
  /** URL of the admin API. */
  readonly root: string
  /** Path below it. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

function linkTo({ root, path, query }: Address, next: string): string {
  return `${root}${path}?${new URLSearchParams({ ...query, after: next }).toString()}`
}
