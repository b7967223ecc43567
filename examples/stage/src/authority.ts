import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AuthServer, createAuthServer } from '@behalf/auth-server'
import type { World } from './world.js'

/** The auth server, in this process, with its database in memory. */
export interface Authority {
  readonly issuer: string
  /** What the server is made of, for those who look behind its pages and APIs. */
  readonly context: AuthServer['context']
  /** Takes up its work. Until then it answers 503. */
  open(world: World): Promise<void>
  /** Stops listening, as if the machine was gone. */
  leave(): Promise<void>
  /** Listens again, at the same address. */
  comeBack(): Promise<void>
  close(): Promise<void>
}

/** Seconds from a new signing key to its first use. Long enough for every API elsewhere; here nobody waits that long. */
const keyLeadTime = 1

export async function createAuthority(): Promise<Authority> {
  let server: AuthServer | undefined
  const http = createServer((request, response) => {
    if (server === undefined) response.writeHead(503).end()
    else server.handler(request, response)
  })
  await listen(0)
  const address = http.address()
  if (typeof address !== 'object' || address === null) throw new Error('the auth server has no port')
  const { port } = address
  const issuer = `http://127.0.0.1:${port}`

  async function listen(at: number): Promise<void> {
    http.listen(at, '127.0.0.1')
    await once(http, 'listening')
  }

  async function leave(): Promise<void> {
    http.closeAllConnections()
    http.close()
    await once(http, 'close')
  }

  return {
    issuer,
    get context() {
      if (server === undefined) throw new Error('the auth server is not open')
      return server.context
    },
    async open(world) {
      server = await createAuthServer({ issuer, seed: world, keys: { leadTime: keyLeadTime } })
    },
    leave,
    comeBack: () => listen(port),
    async close() {
      if (http.listening) await leave()
      await server?.close()
    },
  }
}
