import type { IncomingMessage, ServerResponse } from 'node:http'

/** What the endpoint serves at one path. */
export interface PublishedDocument {
  /** Which of the two documents it is. */
  readonly name: 'metadata' | 'keys'
  readonly contentType: string
  readonly body: string
}

/**
 * A way the endpoint can fail. `down`: connections are refused, and the same port comes back. `slow`: the right answer,
 * late. `dripping`: the right answer, byte by byte. `hanging`: headers, then nothing. `error`: status 500. `garbage`:
 * 200 with a web page. `redirect`: 302 to an address that would serve the right answer. `huge`: the right answer with
 * megabytes of white space behind it. `empty`: a key set without keys.
 */
export type OutageKind = 'down' | 'slow' | 'dripping' | 'hanging' | 'error' | 'garbage' | 'redirect' | 'huge' | 'empty'

/** An outage of your own: answers, or does not. `document` is what would have been served. */
export type OutageResponder = (request: IncomingMessage, response: ServerResponse, document: PublishedDocument) => void

/** How an outage is. Members that do not concern its kind are ignored. */
export interface OutageOptions {
  /** Milliseconds; `slow`: before the answer, default 1000; `dripping`: between two bytes, default 50. */
  readonly delay?: number
  /** The status of `error`. Default: 500. */
  readonly status?: number
  /** Bytes of `huge`. Default: 4 MiB. */
  readonly size?: number
  /** The one document that is affected. Default: both; `empty` concerns keys alone, `down` always everything. */
  readonly only?: PublishedDocument['name']
}

/** Answers as if nothing was wrong. */
export function answer(response: ServerResponse, document: PublishedDocument, headers: Record<string, string>): void {
  response.writeHead(200, { 'Content-Type': document.contentType, ...headers }).end(document.body)
}

function whileOpen(response: ServerResponse, timer: NodeJS.Timeout): void {
  response.once('close', () => clearTimeout(timer))
}

function drip(response: ServerResponse, body: Buffer, delay: number): void {
  let sent = 0
  const timer = setInterval(() => {
    response.write(body.subarray(sent, sent + 1))
    sent += 1
    if (sent < body.length) return
    clearInterval(timer)
    response.end()
  }, delay)
  whileOpen(response, timer)
}

function flood(response: ServerResponse, size: number): void {
  const chunk = Buffer.alloc(65_536, ' ')
  let left = size
  const pour = (): void => {
    while (left > 0) {
      left -= chunk.length
      if (!response.write(chunk)) return
    }
    response.off('drain', pour).end()
  }
  response.on('drain', pour)
  pour()
}

const notJson = '<!doctype html><title>Sign in</title><p>Your session has expired.</p>'

/** The behaviour of each kind but `down`, which is not a matter of answers. */
export function responders(
  options: OutageOptions,
  headers: Record<string, string>,
): Record<Exclude<OutageKind, 'down'>, OutageResponder> {
  return {
    slow(_request, response, document) {
      whileOpen(
        response,
        setTimeout(() => answer(response, document, headers), options.delay ?? 1000),
      )
    },
    dripping(_request, response, document) {
      response.writeHead(200, { 'Content-Type': document.contentType, ...headers })
      drip(response, Buffer.from(document.body), options.delay ?? 50)
    },
    hanging(_request, response, document) {
      response.writeHead(200, { 'Content-Type': document.contentType, ...headers }).flushHeaders()
    },
    error(_request, response) {
      response.writeHead(options.status ?? 500, { 'Content-Type': 'text/plain' }).end('out of order')
    },
    garbage(_request, response) {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(notJson)
    },
    redirect(request, response) {
      response.writeHead(302, { Location: `/moved${request.url}` }).end()
    },
    huge(_request, response, document) {
      response.writeHead(200, { 'Content-Type': document.contentType, ...headers }).write(document.body)
      flood(response, options.size ?? 4_194_304)
    },
    empty(_request, response, document) {
      answer(response, document.name === 'keys' ? { ...document, body: '{"keys":[]}' } : document, headers)
    },
  }
}
