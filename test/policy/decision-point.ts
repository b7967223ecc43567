import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from '../support/token.js'

/** An evaluation request of the Authorization API (section 6.1). */
export interface Evaluation {
  readonly subject: { type: string; id: string; properties?: Json }
  readonly action: { name: string; properties?: Json }
  readonly resource: { type: string; id: string; properties?: Json }
  readonly context: {
    readonly mode?: string
    readonly actor?: { subject: string; issuer: string; profile?: string }
    readonly client?: { id: string }
    readonly scopes?: string[]
    readonly transaction?: string
    readonly [member: string]: unknown
  }
}

export interface Request {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: Evaluation
}

/** Answers by hand instead of deciding. */
export type Fault = (response: ServerResponse) => void

/** A policy decision point on loopback: it knows whose invoices are whose, and which agents may do what. */
export interface DecisionPoint {
  readonly url: string
  readonly requests: readonly Request[]
  fault: Fault | undefined
  close(): Promise<void>
}

const owners: Readonly<Record<string, string>> = { 'inv-1': 'user-1', 'inv-2': 'user-2' }

/** The whole policy: one reads what is one's own; an agent does what its class may, and never deletes. */
function decide({ subject, action, resource, context }: Evaluation): Json {
  if (resource.type === 'api') return { decision: action.name === 'access' && context.scopes?.includes('billing:read') }
  if (owners[resource.id] !== subject.id) return { decision: false, context: { reason: 'not the owner' } }
  if (context.actor === undefined) return { decision: true }
  return { decision: context.actor.profile === 'ai_agent' && action.name === 'read' }
}

export async function startDecisionPoint(): Promise<DecisionPoint> {
  const requests: Request[] = []
  const point: { fault: Fault | undefined } = { fault: undefined }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method, url: path, headers } = request
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Evaluation
    requests.push({ method, path, headers, body })
    if (point.fault !== undefined) point.fault(response)
    else sendJson(response, decide(body))
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(400).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(point, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

export function sendJson(response: ServerResponse, value: unknown, type = 'application/json'): void {
  response.writeHead(200, { 'Content-Type': type }).end(JSON.stringify(value))
}

export const raw =
  (status: number, headers: Record<string, string>, body = ''): Fault =>
  (response) => {
    response.writeHead(status, headers).end(body)
  }
