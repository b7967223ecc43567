import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDeflate, deflateSync } from 'node:zlib'
import { forge, issuerKey, type Json, NOW, type SigningKey } from '../support/token.js'

/** Packs statuses as the draft has it, the plain way: one bit after the other. */
export function pack(size: number, statuses: readonly number[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil((statuses.length * size) / 8))
  for (const [index, status] of statuses.entries()) {
    for (let bit = 0; bit < size; bit += 1) {
      const place = index * size + bit
      if ((status >> bit) & 1) bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (1 << (place & 7))
    }
  }
  return bytes
}

const deflate = (bytes: Uint8Array): string => deflateSync(bytes, { level: 9 }).toString('base64url')

/** So many MiB of zeros, deflated a thousandfold, without ever being in memory at once. */
export async function createBomb(size: number): Promise<Buffer> {
  const stream = createDeflate({ level: 6 })
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => void chunks.push(chunk))
  const zeros = Buffer.alloc(1_048_576)
  for (let written = 0; written < size; written += 1) {
    if (!stream.write(zeros)) await once(stream, 'drain')
  }
  stream.end()
  await once(stream, 'end')
  return Buffer.concat(chunks)
}

export interface Listing {
  readonly bits?: number
  readonly statuses?: readonly number[]
  /** Changes to the claims; a member given as undefined is left out. */
  readonly claims?: Json
  /** Changes to the claim `status_list`. */
  readonly list?: Json
  readonly header?: Json
  readonly key?: SigningKey
}

/** A good Status List Token, changed as told. */
export function statusList(uri: string, listing: Listing = {}): string {
  const { bits = 1, statuses = [0, 1], claims = {}, list = {}, header = {}, key = issuerKey() } = listing
  return forge({
    header: { alg: key.algorithm, typ: 'statuslist+jwt', kid: key.kid, ...header },
    claims: { sub: uri, iat: NOW, status_list: { bits, lst: deflate(pack(bits, statuses)), ...list }, ...claims },
    key,
  })
}

/** A status provider on loopback: what each path answers is for the test to say. */
export async function startListServer() {
  const answers = new Map<string, RequestListener>()
  const requests: string[] = []
  const accepts: (string | undefined)[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    accepts.push(request.headers.accept)
    const answer = answers.get(request.url ?? '')
    if (answer === undefined) response.writeHead(404).end()
    else answer(request, response)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const host = `127.0.0.1:${port}`
  const uri = (path = '/lists/1') => `http://${host}${path}`
  return {
    host,
    port,
    requests,
    accepts,
    uri,
    answer: (path: string, listener: RequestListener) => void answers.set(path, listener),
    /** Serves a list at a path, made for its address. */
    serve(listing: Listing = {}, path = '/lists/1') {
      answers.set(path, (_request, response) => send(response, statusList(uri(path), listing)))
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export const send = (response: ServerResponse, body: string): void =>
  void response.writeHead(200, { 'content-type': 'application/statuslist+jwt' }).end(body)
