import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the endpoint answers at a path: JSON, or a {@link ReplyFunction} that does it by hand. */
export type Reply = unknown

export type ReplyFunction = (request: IncomingMessage, response: ServerResponse) => void

/** A loopback HTTP server that answers what it is told to and counts what it is asked. */
export interface KeyEndpoint {
  readonly origin: string
  /** Paths in the order they were asked for. */
  readonly requests: string[]
  /** What is answered from now on. A path that is not there answers 404. */
  readonly replies: Map<string, Reply>
  close(): Promise<void>
}

export async function startKeyEndpoint(replies: Readonly<Record<string, Reply>> = {}): Promise<KeyEndpoint> {
  const requests: string[] = []
  const current = new Map<string, Reply>(Object.entries(replies))
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    requests.push(path)
    const reply = current.get(path)
    if (typeof reply === 'function') {
      ;(reply as ReplyFunction)(request, response)
    } else if (reply === undefined) {
      response.writeHead(404).end()
    } else {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(reply))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    replies: current,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
