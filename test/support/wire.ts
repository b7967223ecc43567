import { connect } from 'node:net'

/** One response as it came over the socket: nothing decoded away, nothing reordered. */
export interface WireResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  readonly raw: Buffer
}

export type HeaderLine = readonly [name: string, value: string | Buffer]

export interface RequestLine {
  readonly method?: string
  readonly target?: string
  readonly headers?: readonly HeaderLine[]
  readonly body?: string
}

/** Writes one request. Header values that are text go out as latin1, one byte per character; nothing is checked. */
export function formatRequest({ method = 'GET', target = '/', headers = [], body }: RequestLine): Buffer {
  const lines: Buffer[] = [latin1(`${method} ${target} HTTP/1.1\r\n`)]
  const all: HeaderLine[] = headers.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', 'api.example']]
  all.push(...headers)
  if (body !== undefined) all.push(['Content-Length', String(Buffer.byteLength(body))])
  for (const [name, value] of all) {
    lines.push(latin1(`${name}: `), typeof value === 'string' ? latin1(value) : value, latin1('\r\n'))
  }
  lines.push(latin1('\r\n'), Buffer.from(body ?? ''))
  return Buffer.concat(lines)
}

/**
 * Sends bytes over a fresh socket and reads as many responses as requests were sent. `methods` says how each response
 * ends: the answer to HEAD has no body whatever its headers say.
 */
export function exchange(port: number, bytes: Buffer, methods: readonly string[] = ['GET']): Promise<WireResponse[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const responses: WireResponse[] = []
    let pending: Buffer = Buffer.alloc(0)
    const finish = (error?: Error) => {
      socket.destroy()
      if (error === undefined) resolve(responses)
      else reject(error)
    }
    socket.setTimeout(15_000, () =>
      finish(new Error(`no answer in time; ${responses.length} of ${methods.length} came`)),
    )
    socket.on('error', (error) => finish(responses.length === methods.length ? undefined : error))
    socket.on('close', () => {
      const last = parseResponse(pending, methods[responses.length] ?? 'GET', true)
      if (last !== undefined) responses.push(last.response)
      finish(responses.length > 0 ? undefined : new Error('closed without an answer'))
    })
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        const parsed = parseResponse(pending, methods[responses.length] ?? 'GET')
        if (parsed === undefined) break
        responses.push(parsed.response)
        pending = pending.subarray(parsed.size)
        if (responses.length === methods.length) return finish()
      }
    })
    socket.write(bytes)
  })
}

/** Every value of a header, in the order they came. */
export function headerValues(response: WireResponse, name: string): string[] {
  return response.headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

/** The one value of a header, or undefined. Two lines of the same name are joined so that a comparison sees them. */
export function headerValue(response: WireResponse, name: string): string | undefined {
  const values = headerValues(response, name)
  return values.length === 0 ? undefined : values.join(' || ')
}

/** @param closed whether no more bytes will come: what ends a body that says nothing of its length */
function parseResponse(
  bytes: Buffer,
  method: string,
  closed = false,
): { response: WireResponse; size: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1])
  if (!Number.isInteger(status)) throw new Error(`not a status line: ${statusLine}`)
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const start = end + 4
  const head = { status, headers }
  if (method === 'HEAD' || status === 204 || status === 304 || status < 200) return complete(head, bytes, start, start)
  const find = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1]
  if (find('transfer-encoding') === 'chunked') return parseChunks(head, bytes, start)
  const length = find('content-length')
  if (length === undefined) return closed ? complete(head, bytes, start, bytes.length) : undefined
  const stop = start + Number(length)
  return bytes.length < stop ? undefined : complete(head, bytes, start, stop)
}

function complete(head: Pick<WireResponse, 'status' | 'headers'>, bytes: Buffer, start: number, stop: number) {
  return { response: { ...head, body: bytes.subarray(start, stop), raw: bytes.subarray(0, stop) }, size: stop }
}

function parseChunks(head: Pick<WireResponse, 'status' | 'headers'>, bytes: Buffer, start: number) {
  const chunks: Buffer[] = []
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return undefined
    if (size === 0)
      return { response: { ...head, body: Buffer.concat(chunks), raw: bytes.subarray(0, next) }, size: next }
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = next
  }
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
