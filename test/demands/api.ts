import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AuditEvent, DecisionEvent, Requirement, ResourceServer, ResourceServerOptions } from '@behalf/core'
import { createGuard } from '@behalf/express'
import express from 'express'

/** What an API answered. */
export interface ApiAnswer {
  readonly status: number
  /** Code of the refusal, or `allowed`. */
  readonly code: string
  readonly challenge: string
  readonly body: Readonly<Record<string, unknown>>
}

/** An API on a port, every route of which has a guard. */
export interface Api {
  readonly origin: string
  readonly resourceServer: ResourceServer
  /** Decisions so far, oldest first. */
  readonly events: readonly DecisionEvent[]
  /** What every request so far had in its `Authorization` header, oldest first. */
  readonly credentials: readonly string[]
  call(path: string, token: string, proof?: string): Promise<ApiAnswer>
  close(): Promise<void>
}

/** Requirements by the path of the route. `:id` of a path is the person the call must be for. */
export type Routes = Readonly<Record<string, Requirement>>

/** Starts an API. Its routes answer who calls. */
export async function openApi(options: ResourceServerOptions, routes: Routes): Promise<Api> {
  const events: DecisionEvent[] = []
  const credentials: string[] = []
  const audit = (event: AuditEvent): void => {
    if (event.type === 'access.decision') events.push(event)
  }
  const { protect, securityEvents, resourceServer } = createGuard({ audit, ...options })
  const app = express()
  app.use((req, _res, next) => {
    credentials.push(req.headers.authorization ?? '')
    next()
  })
  if (options.securityEvents !== undefined) app.post('/events', securityEvents())
  for (const [path, requirement] of Object.entries(routes)) {
    const guard = protect(({ params: { id } }) => (id === undefined ? requirement : { ...requirement, subject: id }))
    app.get(path, guard, ({ auth }, res) => {
      res.json({ subject: auth?.subject, actor: auth?.actor?.subject, mode: auth?.mode, scopes: auth?.scopes })
    })
  }
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  // what listens on a port has an AddressInfo
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    origin,
    resourceServer,
    events,
    credentials,
    call: async (path, token, proof) => {
      const headers = new Headers({ Authorization: `${proof === undefined ? 'Bearer' : 'DPoP'} ${token}` })
      if (proof !== undefined) headers.set('DPoP', proof)
      const response = await fetch(`${origin}${path}`, { headers })
      // every answer of these APIs is a JSON object
      const body = (await response.json()) as Record<string, unknown>
      const challenge = response.headers.get('www-authenticate') ?? ''
      return { status: response.status, code: typeof body.code === 'string' ? body.code : 'allowed', challenge, body }
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      await resourceServer.close()
    },
  }
}
