import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from '../support/token.js'

/** A question as the endpoint got it. */
export interface Question {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly form: URLSearchParams
}

/** What the endpoint does with a question: says this of the token, or answers by hand. */
export type Reply =
  | Json
  | ((question: Question, response: ServerResponse) => Json | undefined | Promise<Json | undefined>)

/** An introspection endpoint on loopback that says what it is told to. */
export interface Endpoint {
  readonly origin: string
  readonly url: string
  /** Questions to the introspection endpoint, oldest first. */
  readonly questions: readonly Question[]
  /** Requests for any other path: where a redirect led. */
  readonly strays: readonly Question[]
  reply: Reply
  close(): Promise<void>
}

export async function startEndpoint(reply: Reply): Promise<Endpoint> {
  const questions: Question[] = []
  const strays: Question[] = []
  const endpoint = { reply }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method, url: path, headers } = request
    const question = { method, path, headers, form: new URLSearchParams(Buffer.concat(chunks).toString()) }
    if (path !== '/introspect') {
      strays.push(question)
      sendJson(response, { active: true })
      return
    }
    questions.push(question)
    const said = typeof endpoint.reply === 'function' ? await endpoint.reply(question, response) : endpoint.reply
    if (said !== undefined) sendJson(response, said)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(endpoint, {
    origin,
    url: `${origin}/introspect`,
    questions,
    strays,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

export function sendJson(response: ServerResponse, value: unknown, type = 'application/json'): void {
  response.writeHead(200, { 'Content-Type': type }).end(JSON.stringify(value))
}

/** Answers with exactly this. */
export const raw =
  (status: number, headers: Record<string, string>, body = ''): Reply =>
  (_question, response) => {
    response.writeHead(status, headers).end(body)
    return undefined
  }
