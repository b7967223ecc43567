import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AuditEvent, DecisionEvent } from '@behalf/core'

/** What a trail that stands in for a real one answers to a request. */
export type TrailAnswer = (
  events: readonly AuditEvent[],
  request: IncomingMessage,
  count: number,
) => { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown } | 'hang'

/** A trail on a port of its own that keeps what it took. */
export interface Trail {
  readonly url: string
  readonly port: number
  /** Every request: the events it brought. */
  readonly requests: (readonly AuditEvent[])[]
  readonly authorizations: (string | undefined)[]
  /** Events that were taken, by id, in order. */
  readonly kept: Map<string, AuditEvent>
  close(): Promise<void>
}

export async function startTrail(answer: TrailAnswer = () => ({ status: 200 }), port = 0): Promise<Trail> {
  const requests: (readonly AuditEvent[])[] = []
  const authorizations: (string | undefined)[] = []
  const kept = new Map<string, AuditEvent>()
  const server: Server = createServer((request, response) => void respond(request, response))

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += chunk
    const events = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): AuditEvent => JSON.parse(line))
    requests.push(events)
    authorizations.push(request.headers.authorization)
    const said = answer(events, request, requests.length)
    if (said === 'hang') return
    if (said.status === 200) for (const event of events) kept.set(event.id, event)
    response.writeHead(said.status, { 'content-type': 'application/json', ...said.headers })
    response.end(JSON.stringify(receiptOf(events, said.body)))
  }

  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo // it listens on a port
  return {
    url: `http://127.0.0.1:${address.port}/audit/events`,
    port: address.port,
    requests,
    authorizations,
    kept,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Accounts for every event: what the answer does not refuse is stored. */
function receiptOf(events: readonly AuditEvent[], body: unknown = {}): unknown {
  if (typeof body !== 'object' || body === null) return body
  const refused = 'refused' in body && Array.isArray(body.refused) ? body.refused.length : 0
  return { stored: events.length - refused, duplicates: 0, ...body }
}

let count = 0

/** A decision about a request nobody made. */
export function decision(change: Partial<DecisionEvent> = {}): DecisionEvent {
  count += 1
  return {
    schema: 'delegation-audit/1',
    id: `01900000-0000-7000-8000-${String(count).padStart(12, '0')}`,
    time: '2026-11-21T22:30:00.123Z',
    type: 'access.decision',
    decision: 'allow',
    reason: { code: 'allowed' },
    resource: { aud: 'https://billing.example.com', route: '/customers/:id' },
    request: { method: 'GET' },
    duration_ms: 1,
    ...change,
  }
}

export function decisions(length: number): readonly DecisionEvent[] {
  return Array.from({ length }, () => decision())
}
