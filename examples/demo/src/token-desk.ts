import { once } from 'node:events'
import { createServer } from 'node:http'

/** Hands out fresh tokens by name, so that a pasted line works for as long as the demo is up. On loopback only. */
export interface TokenDesk {
  /** `127.0.0.1:PORT` */
  readonly address: string
  close(): void
}

export async function createTokenDesk(tokens: Readonly<Record<string, () => Promise<string>>>): Promise<TokenDesk> {
  const byPath = new Map(Object.entries(tokens).map(([name, make]) => [`/${name}`, make]))

  const server = createServer((request, response) => {
    const make = byPath.get(request.url ?? '')
    if (make === undefined) {
      response.writeHead(404).end()
      return
    }
    make().then(
      (token) => response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }).end(token),
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
