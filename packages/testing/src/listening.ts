import type { Server } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** Resolves to the port, which the system chooses when it is 0. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

/** The system may have lent the port to somebody for a moment while nothing listened on it. */
export async function listenAgain(server: Server, host: string, port: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await listen(server, host, port)
      return
    } catch (error) {
      if (attempt === 20) throw error
      await pause(50)
    }
  }
}

/** Refuses connections from now on, and drops those there are. */
export async function stop(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}
