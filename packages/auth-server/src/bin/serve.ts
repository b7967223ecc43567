import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import process from 'node:process'
import { pino } from 'pino'
import { createAuthServer } from '../auth-server.js'
import type { Configuration } from './configuration.js'
import { faultOfStart } from './start-fault.js'

/** Milliseconds that requests under way get once the server was asked to stop. */
const grace = 10_000

/**
 * Runs the server until it is asked to stop (SIGTERM, SIGINT).
 *
 * @throws ConfigurationError when the configuration names what cannot be used
 */
export async function serve({ options, listen, logLevel }: Configuration): Promise<void> {
  const log = pino({ level: logLevel, base: null })
  const authServer = await createAuthServer({ ...options, log }).catch((error: unknown) => {
    throw faultOfStart('database', error)
  })
  const http = createServer(authServer.handler)
  try {
    http.listen(listen.port, listen.host)
    await once(http, 'listening')
  } catch (error) {
    await authServer.close()
    throw faultOfStart('listen', error)
  }
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    log.info({ signal }, 'stopping')
    await end(http)
    await authServer.close()
    log.info('stopped')
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stop(signal).catch((error: unknown) => {
        log.error({ err: error }, 'stopped with a fault')
        process.exitCode = 1
      })
    })
  }
  // only now: whoever reads it may stop the program at once
  log.info({ issuer: authServer.issuer, address: http.address() }, 'listening')
}

/** Takes no new connection, and waits for the requests under way: each is the last of its connection. */
async function end(http: Server): Promise<void> {
  const closed = once(http, 'close')
  http.close()
  http.closeIdleConnections()
  const idle = setInterval(() => http.closeIdleConnections(), 50)
  const timer = setTimeout(() => http.closeAllConnections(), grace)
  await closed
  clearInterval(idle)
  clearTimeout(timer)
}
