// A small service in a process of its own, for what only a process can show: exits, signals, and files after a crash.
import { appendFileSync, closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type AuditEvent, createResourceServer } from '@behalf/core'
import { fromNode } from '@behalf/core/node'

export interface ServiceSettings {
  readonly issuer: string
  readonly jwksUri: string
  readonly audience: string
  readonly log: string
  /** `slow`: a best-effort sink that takes its time. `durable`: a required sink that returns once the disk has it. */
  readonly sink: 'slow' | 'durable'
  /** How many tokens to verify before the service listens, to leave keys, caches and connections behind. */
  readonly warm: boolean
}

const settings: ServiceSettings = JSON.parse(process.argv[2] ?? '{}')

const writeSlowly = async (event: AuditEvent): Promise<void> => {
  await delay(20)
  appendFileSync(settings.log, `${JSON.stringify(event)}\n`)
}

const writeDurably = async (event: AuditEvent): Promise<void> => {
  await delay(1)
  const file = openSync(settings.log, 'a')
  writeSync(file, `${JSON.stringify(event)}\n`)
  fsyncSync(file)
  closeSync(file)
}

const resourceServer = createResourceServer({
  issuer: { issuer: settings.issuer, jwksUri: settings.jwksUri },
  audience: settings.audience,
  keySet: { timeoutDuration: 3_600_000 },
  audit: settings.sink === 'slow' ? writeSlowly : { sink: { record: writeDurably }, required: true },
})

const server = createServer(async (request, response) => {
  process.stdout.write('request\n')
  if (request.url === '/crash') {
    setImmediate(() => {
      throw new Error('a bug in the service')
    })
    return
  }
  const decision = await resourceServer.authorize(fromNode(request))
  if (decision.allowed) response.end(decision.principal.tokenId)
  else response.writeHead(decision.status, { ...decision.headers, Connection: 'close' }).end(decision.body)
})

process.on('SIGTERM', async () => {
  server.close()
  server.closeIdleConnections()
  await resourceServer.close()
})

process.on('uncaughtException', async () => {
  await resourceServer.close()
  process.exit(70)
})

if (settings.warm) await resourceServer.ready()
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
