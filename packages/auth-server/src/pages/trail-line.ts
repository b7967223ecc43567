import type { StoredEvent } from '../audit/audit-trail.js'

/** What the pages show of an event at a glance. Every text is that of whoever wrote it. */
export interface TrailLine {
  readonly id: string
  /** The client that sent it; undefined for an event of this server. */
  readonly sender: string | undefined
  readonly writtenBy: string
  readonly time: string
  readonly type: string
  readonly decision: string | undefined
  readonly reason: string | undefined
  /** The row of the policy that decided. */
  readonly policy: string | undefined
  readonly person: string | undefined
  /** Who acts, then for whom of them: newest first. */
  readonly agents: readonly string[]
  readonly client: string | undefined
  readonly tool: string | undefined
  readonly toolCall: string | undefined
  readonly api: string | undefined
  /** Method and template of the route. */
  readonly route: string | undefined
  /** What was given, else what was asked for. */
  readonly scope: readonly string[]
  readonly task: string | undefined
  readonly token: string | undefined
  readonly trace: string | undefined
  readonly span: string | undefined
  readonly milliseconds: number | undefined
}

/** Reads an event of the trail, whatever is in it. */
export function readLine(event: StoredEvent): TrailLine {
  const text = (...path: readonly string[]): string | undefined => textOf(memberOf(event, path))
  const sender = text('observer', 'client')
  const milliseconds = memberOf(event, ['duration_ms'])
  // an API says it in its place, the admin API and these pages in the detail
  const method = text('request', 'method') ?? text('detail', 'method')
  const route = [method, text('resource', 'route') ?? text('detail', 'route')].filter(isText)
  return {
    id: text('id') ?? '',
    sender,
    writtenBy: sender === undefined ? 'auth-server' : nameOf(sender, text('observer', 'service')),
    time: text('time') ?? '',
    type: text('type') ?? '',
    decision: text('decision'),
    reason: text('reason', 'code'),
    policy: text('reason', 'policy'),
    person: text('subject', 'id'),
    agents: agentsOf(text('actor', 'id'), memberOf(event, ['chain'])),
    client: text('client', 'id'),
    tool: text('tool', 'name'),
    toolCall: text('tool', 'call_id'),
    api: text('resource', 'aud'),
    route: route.length === 0 ? undefined : route.join(' '),
    scope: namesIn(memberOf(event, ['granted', 'scope'])) ?? namesIn(memberOf(event, ['requested', 'scope'])) ?? [],
    task: text('txn'),
    token: text('token', 'jti'),
    trace: text('trace', 'trace_id'),
    span: text('trace', 'span_id'),
    milliseconds: typeof milliseconds === 'number' ? milliseconds : undefined,
  }
}

/** A client calls its service what it likes: by another name than its own it stands behind its own. */
function nameOf(sender: string, service: string | undefined): string {
  return service === undefined || service === sender ? sender : `${sender} (${service})`
}

function agentsOf(actor: string | undefined, chain: unknown): readonly string[] {
  const links = Array.isArray(chain) ? chain.map((link: unknown) => textOf(memberOf(link, ['id']))).filter(isText) : []
  return links.length > 1 || actor === undefined ? links : [actor]
}

function namesIn(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.length > 0
    ? value.map((each: unknown) => textOf(each)).filter(isText)
    : undefined
}

function memberOf(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = Reflect.get(found, name)
  }
  return found
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isText(value: string | undefined): value is string {
  return value !== undefined
}
