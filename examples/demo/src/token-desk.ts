import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Call } from './story.js'

/** Hands out fresh tokens by name, so that a pasted line works for as long as the demo is up. On loopback only. */
export interface TokenDesk {
  /** `127.0.0.1:PORT` */
  readonly address: string
  close(): void
}

export async function createTokenDesk(lines: readonly Call[]): Promise<TokenDesk> {
  const byPath = new Map(lines.map((line) => [`/${line.again?.[0]}`, line]))

  const server = createServer((request, response) => {
    const line = byPath.get(request.url ?? '')
    const issued = line ? line.by.token() : Promise.resolve(null)
    issued.then(
      (token) => response.writeHead(token ? 200 : 404, { 'Content-Type': 'text/plain' }).end(token),
      () => response.writeHead(500).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the token desk has no port')
  return {
    address: `127.0.0.1:${address.port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
