import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuthServer, createAuthServer } from '@behalf/auth-server'
import type { World } from './world.js'

/** The auth server of the demo, in this process, with its database in memory. */
export interface Authority {
  readonly issuer: string
  /** Takes up its work. Until then it answers 503. */
  open(world: World): Promise<void>
  /** What the admin API works on: the demo reads the trail there. */
  readonly context: AuthServer['context']
  /** Puts another signing key in use; the earlier one stays published. */
  rotateKey(): Promise<void>
  /** Stops listening, as if the machine was gone. */
  leave(): Promise<void>
  /** Listens again, at the same address. */
  comeBack(): Promise<void>
  close(): Promise<void>
}

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

  function opened(): AuthServer {
    if (server === undefined) throw new Error('the auth server is not open')
    return server
  }

  return {
    issuer,
    async open(world) {
      server = await createAuthServer({ issuer, seed: world, keys: { leadTime: 1 } })
    },
    get context() {
      return opened().context
    },
    async rotateKey() {
      const { activeFrom } = await opened().context.keys.rotate('token')
      await sleep(Math.max(0, activeFrom * 1000 - Date.now()) + 100)
    },
    leave,
    comeBack: () => listen(port),
    async close() {
      if (http.listening) await leave()
      await server?.close()
    },
  }
}
