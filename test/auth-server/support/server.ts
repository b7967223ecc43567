import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AuthServer, type AuthServerOptions, createAuthServer } from '@behalf/auth-server'

/** An auth server on a port of its own. */
export interface RunningAuthServer extends AuthServer {
  readonly http: Server
}

/** Starts an auth server on a free port: in memory, where no database is named. */
export async function startAuthServer(options: Partial<AuthServerOptions> = {}): Promise<RunningAuthServer> {
  let authServer: AuthServer | undefined
  const http = createServer((request, response) => authServer?.handler(request, response))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  // what the listening server answers is an AddressInfo, for it listens on a port
  const { port } = http.address() as AddressInfo
  try {
    authServer = await createAuthServer({ issuer: `http://127.0.0.1:${port}`, ...options })
  } catch (error) {
    http.close()
    throw error
  }
  const { close, ...rest } = authServer
  return {
    ...rest,
    http,
    close: async () => {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
      await close()
    },
  }
}

/** Gives clients this secret as one that the server made: those that somebody chose are hashed slowly, again and again. */
export async function giveSecret({ context }: AuthServer, clients: readonly string[], secret: string): Promise<void> {
  const hash = `sha256$${createHash('sha256').update(secret).digest('base64url')}`
  for (const id of clients) {
    await context.database.query(
      'insert into client_secrets (id, client_id, hash, created_at, expires_at) values ($1, $2, $3, $4, $5) on conflict do nothing',
      [`secret of ${id}`, id, hash, 0, 4_102_444_800],
    )
  }
}
