import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen, listenAgain, stop } from './listening.js'
import {
  answer,
  type OutageKind,
  type OutageOptions,
  type OutageResponder,
  type PublishedDocument,
  responders,
} from './outage.js'

/** Where the endpoint listens and what it serves. */
export interface EndpointOptions {
  readonly host: string
  readonly port: number
  /** The paths that are counted from the start. */
  readonly paths: readonly string[]
  /** The document at a path, as it is now. */
  readonly document: (path: string) => PublishedDocument | undefined
  /** Headers of every good answer. */
  readonly headers: Record<string, string>
}

/** A loopback HTTP server that can fail on demand. */
export interface Endpoint {
  readonly port: number
  readonly requests: Readonly<Record<string, number>>
  readonly outage: (kind: OutageKind | OutageResponder | null, options?: OutageOptions) => Promise<void>
  readonly close: () => Promise<void>
}

export async function createEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const requests: Record<string, number> = Object.fromEntries(options.paths.map((path) => [path, 0]))
  let fault: OutageResponder | undefined
  let last: Promise<void> = Promise.resolve()
  let closed = false

  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    const path = String(request.url).replace(/\?.*$/s, '')
    requests[path] = (requests[path] ?? 0) + 1
    const moved = path.startsWith('/moved/')
    const document = options.document(moved ? path.slice('/moved'.length) : path)
    if (document === undefined) response.writeHead(404).end()
    else if (request.method !== 'GET' && request.method !== 'HEAD')
      response.writeHead(405, { Allow: 'GET, HEAD' }).end()
    else if (fault === undefined || moved) answer(response, document, options.headers)
    else fault(request, response, document)
  }

  const server = createServer(respond)
  const port = await listen(server, options.host, options.port)

  /** One change after the other, so that what was asked for last is what holds. */
  const inOrder = (change: () => Promise<void>): Promise<void> => {
    const changed = last.then(change)
    last = changed.catch(() => {})
    return changed
  }

  const faultOf = (kind: Exclude<OutageKind, 'down'> | OutageResponder | null, settings: OutageOptions) => {
    if (kind === null) return undefined
    const respondBadly = typeof kind === 'function' ? kind : responders(settings, options.headers)[kind]
    if (respondBadly === undefined) throw new TypeError('outage takes a kind of outage, a function or null')
    return (...[request, response, document]: Parameters<OutageResponder>): void => {
      if (settings.only === undefined || settings.only === document.name) respondBadly(request, response, document)
      else answer(response, document, options.headers)
    }
  }

  return {
    port,
    requests,
    outage: (kind, settings = {}) =>
      inOrder(async () => {
        if (closed) throw new TypeError('the issuer is closed')
        fault = kind === 'down' ? undefined : faultOf(kind, settings)
        if (kind === 'down') await stop(server)
        else if (!server.listening) await listenAgain(server, options.host, port)
      }),
    close: () =>
      inOrder(async () => {
        closed = true
        await stop(server)
      }),
  }
}
