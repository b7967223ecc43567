import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Readable } from 'node:stream'
import type { ResourceRequest } from './request.js'

/** The part of a Node request that {@link fromNode} reads. */
export type NodeRequest =
  | Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders' | 'socket'>
  | Http2ServerRequest

/**
 * Builds a {@link ResourceRequest} from a Node request (HTTP/1.1 or HTTP/2).
 *
 * Header values come from `rawHeaders`: Node keeps only the first of several `Authorization` lines in `headers`, and a
 * repeated credential must be seen to be refused. A header that is only in `headers` (synthetic requests of serverless
 * adapters) is read from there.
 *
 * @param request the incoming request
 * @param url the URL as the client sent it, where a framework rewrites `request.url`; default `request.url`
 * @param route template of the matched route, for audit events
 */
export function fromNode(request: NodeRequest, url: string = request.url ?? '/', route?: string): ResourceRequest {
  return {
    method: request.method ?? 'GET',
    url,
    route,
    headers: { get: (name) => headerOf(request, name.toLowerCase()) },
    get clientCertificate() {
      return clientCertificateOf(request)
    },
  }
}

/**
 * The client's certificate in DER, from the TLS handshake of the connection, in which the client proved that it has the
 * key; undefined without TLS or without a certificate.
 */
export function clientCertificateOf({ socket }: Pick<NodeRequest, 'socket'>): Uint8Array | undefined {
  if (!('getPeerCertificate' in socket) || typeof socket.getPeerCertificate !== 'function') return undefined
  const certificate: unknown = socket.getPeerCertificate()
  const raw =
    typeof certificate === 'object' && certificate !== null && 'raw' in certificate ? certificate.raw : undefined
  return raw instanceof Uint8Array ? raw : undefined
}

/**
 * Reads a body as UTF-8 text, and no further than its limit: a longer one is cut off somewhere behind it, and the rest
 * is let go unseen.
 *
 * @param maxLength characters; the text is longer than that exactly when the body is
 * @param parsed what a body parser before this made of it; counts when it is text or bytes
 * @throws Error when the request ends before its body does (as a rejection)
 */
export async function readText(request: Readable, maxLength: number, parsed?: unknown): Promise<string> {
  if (typeof parsed === 'string') return parsed
  if (parsed instanceof Uint8Array) return new TextDecoder().decode(parsed)
  if (request.readableEnded) return ''
  const decoder = new TextDecoder()
  return new Promise((resolve, reject) => {
    let text = ''
    const read = (chunk: Uint8Array): void => {
      text += decoder.decode(chunk, { stream: true })
      if (text.length <= maxLength) return
      request.off('data', read).resume()
      resolve(text)
    }
    request.on('data', read)
    request.once('end', () => resolve(text + decoder.decode()))
    request.once('error', reject)
    request.once('close', () => reject(new Error('the request ended before its body did')))
  })
}

/** @param name lower case */
function headerOf(request: NodeRequest, name: string): string | null {
  const raw = request.rawHeaders ?? []
  let value: string | null = null
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const candidate = raw[i]
    if (candidate === undefined || candidate.length !== name.length || candidate.toLowerCase() !== name) continue
    value = value === null ? (raw[i + 1] ?? '') : `${value}, ${raw[i + 1]}`
  }
  if (value !== null) return value
  const parsed = request.headers?.[name]
  if (parsed === undefined) return null
  return typeof parsed === 'string' ? parsed : parsed.join(', ')
}
