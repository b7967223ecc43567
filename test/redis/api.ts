// One process of an API that runs in several.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { AccessError, createResourceServer, type Revocation, type TrustedIssuer } from '@behalf/core'
import { fromNode } from '@behalf/core/node'
import { createRedisReplayStore, createRedisRevocationList } from '@behalf/redis'
import { type ClientSettings, createClients } from './clients.js'

export interface ApiSettings extends ClientSettings {
  readonly issuer: TrustedIssuer
  readonly audience: string
  readonly prefix: string
  readonly staleAfter: number
}

const settings: ApiSettings = JSON.parse(process.argv[2] ?? '{}')
const { issuer, audience, prefix, staleAfter } = settings

const { client, subscriber, close } = createClients(settings)
const revocations = createRedisRevocationList({ client, subscriber, prefix: `${prefix}r:`, staleAfter })
const resourceServer = createResourceServer({
  issuer,
  audience,
  revocation: revocations,
  replayStore: createRedisReplayStore({ client, prefix: `${prefix}u:` }),
})

const server = createServer(async (request, response) => {
  if (request.method === 'POST') {
    const revocation = (await json(request)) as Revocation
    const status = await revocations.revoke(revocation).then(
      () => 204,
      (error: unknown) => (error instanceof AccessError ? error.status : 400),
    )
    response.writeHead(status).end()
    return
  }
  const decision = await resourceServer.authorize(fromNode(request), { singleUse: request.url === '/once' })
  if (decision.allowed) response.end('{}')
  else response.writeHead(decision.status, decision.headers).end(decision.body)
})

process.on('SIGTERM', async () => {
  server.close()
  server.closeIdleConnections()
  await resourceServer.close()
  await revocations.close()
  close()
})

await Promise.all([resourceServer.ready(), revocations.ready()])
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${port}\n`)
})
