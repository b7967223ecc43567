import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../../../packages/auth-server/dist/audit/canonical.js'
import type { AuditEvent } from '../../../packages/auth-server/dist/audit/event.js'
import { billing, membersOf, openPagesScene, type PagesScene, password, secret } from './scene.js'
import { createVisitor, type Visitor } from './visitor.js'

/** An auth server with someone who may read its trail. */
export interface TrailScene extends PagesScene {
  readonly issuer: string
  /** Writes events as the client they name would have sent them, in order: a second apart, from 2026-01-02 on. */
  write(events: readonly Written[]): Promise<readonly AuditEvent[]>
  /** Somebody who has signed in. */
  visitor(username: string): Promise<Visitor>
  /** Somebody of Security, signed in. */
  security(): Promise<Visitor>
  /** A token, as this server issues them. */
  token(): Promise<{ readonly access_token: string }>
  /** A page for Security, which must be there. */
  page(path: string): Promise<string>
}

/** What an event says beside what every event says. */
export interface Written extends JsonObject {
  readonly type: string
  /** The client that sends it; without one it is of the server itself. */
  readonly sender?: string
}

export async function openTrailScene(): Promise<TrailScene> {
  const scene = await openPagesScene()
  const { context, issuer } = scene.server
  await context.accounts.create({
    ...{ subject: 'staff_sec', username: 'sec', name: 'Security', password, permissions: ['admin:audit'] },
  })
  await context.clients.create({
    ...{ id: 'token-app', name: 'Of its own', agentId: 'agent:support' },
    metadata: {
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      redirect_uris: [],
    },
  })
  await context.clients.addSecret('token-app', 3600, secret)
  let time = Date.parse('2026-01-02T03:04:05.678Z')
  let known: Promise<Visitor> | undefined

  async function visitor(username: string): Promise<Visitor> {
    const one = createVisitor(issuer)
    await one.signIn(username)
    return one
  }

  function security(): Promise<Visitor> {
    known ??= visitor('sec')
    return known
  }

  return {
    ...scene,
    issuer,
    visitor,
    security,
    write: async (written) => {
      const events = written.map(({ sender, ...members }): AuditEvent => {
        time += 1000
        const observer = sender === undefined ? {} : { observer: { client: sender, service: sender } }
        const common = { schema: 'delegation-audit/1', id: randomUUID(), time: new Date(time).toISOString() } as const
        return { ...common, ...observer, ...members }
      })
      for (const [index, event] of events.entries()) {
        await context.audit.append(`api:${written[index]?.sender ?? 'none'}/test`, [event])
      }
      return events
    },
    token: async () => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'billing:read', resource: billing })
      const headers = { authorization: `Basic ${btoa(`token-app:${secret}`)}` }
      const answer = await membersOf(await fetch(`${issuer}/token`, { method: 'POST', headers, body }))
      return { access_token: String(answer.access_token) }
    },
    page: async (path) => {
      const answer = await (await security()).get(path)
      if (answer.status !== 200) throw new Error(`${path} is answered with ${answer.status}`)
      return answer.text()
    },
  }
}

/** A promise, and what fulfils it. */
export function promised(): { readonly promise: Promise<void>; readonly fulfil: () => void } {
  let fulfil = (): void => undefined
  const promise = new Promise<void>((resolve) => {
    fulfil = resolve
  })
  return { promise, fulfil }
}

/** Text of a page without its markup, white space made one. */
export function wordsOf(markup: string): string {
  return markup
    .replaceAll(/<[^>]*>/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim()
}

/** Rows of the table of a page, in words. */
export function rowsOf(page: string): readonly string[] {
  const body = /<tbody>(.*)<\/tbody>/su.exec(page)?.[1] ?? ''
  return [...body.matchAll(/<tr.*?<\/tr>/gsu)].map(([row]) => wordsOf(row))
}
