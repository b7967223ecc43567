import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'

/** What the endpoint does with one request. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>

export interface KeyEndpoint {
  readonly origin: string
  /** The address of the key set. */
  readonly jwksUri: string
  /** Path of every request so far, oldest first. */
  readonly paths: readonly string[]
  /** How many connections were opened so far, used or not: fetch opens a spare one after a request it gave up. */
  readonly connections: number
  /** How many connections brought a request so far. */
  readonly connectionsUsed: number
  /** Bytes of body handed to the sockets so far. */
  readonly bytes: number
  /** How many requests for the key set came so far. */
  readonly fetches: number
  /** The key set answered from now on: status 200, `application/json`. */
  publish(keys: readonly unknown[], headers?: Readonly<Record<string, string>>): void
  /** The next requests for the key set get one of these each, in order. */
  next(...behaviours: Behaviour[]): void
  /** Every request for the key set gets this, until the next `publish`. */
  always(behaviour: Behaviour): void
  /** What another path answers; 404 by default. */
  at(path: string, behaviour: Behaviour): void
  /** Resolves once `count` requests for the key set have arrived. */
  arrived(count: number): Promise<void>
  /** Resolves once no request is being answered: each was answered to its end, or hung up on. */
  quiet(): Promise<void>
  /** Refuses connections from now on, as a stopped server does. */
  stop(): Promise<void>
  /** Accepts connections again, on the same port. */
  start(): Promise<void>
}

const listen = (server: ReturnType<typeof createServer>, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })

/** A key endpoint on loopback that answers each request as the test's script says. */
export const createKeyEndpoint = async (): Promise<KeyEndpoint & AsyncDisposable> => {
  const paths: string[] = []
  const sockets = new Set<Socket>()
  const script: Behaviour[] = []
  const others = new Map<string, Behaviour>()
  const waiting = new Set<() => void>()
  let standing: Behaviour = json({ keys: [] })
  const used = new WeakSet<Socket>()
  let connectionsUsed = 0
  let answering = 0
  let connections = 0
  let bytes = 0

  const wake = (): void => {
    for (const resume of waiting) resume()
  }
  const until = (reached: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const resume = (): void => {
        if (!reached()) return
        waiting.delete(resume)
        resolve()
      }
      waiting.add(resume)
      resume()
    })
  const fetches = (): number => paths.filter((path) => path === '/jwks').length

  const server = createServer((request, response) => {
    const path = request.url ?? ''
    paths.push(path)
    answering += 1
    if (!used.has(request.socket)) connectionsUsed += 1
    used.add(request.socket)
    wake()
    response.on('close', () => {
      answering -= 1
      wake()
    })
    const write = response.write.bind(response)
    response.write = ((chunk: Uint8Array, ...rest: []) => {
      bytes += chunk.length
      return write(chunk, ...rest)
    }) as typeof response.write
    response.on('error', () => {})
    const behaviour = path === '/jwks' ? (script.shift() ?? standing) : (others.get(path) ?? status(404))
    void Promise.resolve(behaviour(response, request)).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await listen(server, 0)
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`

  const stop = async (): Promise<void> => {
    if (!server.listening) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    await closed
  }

  return {
    origin,
    jwksUri: `${origin}/jwks`,
    paths,
    get connections() {
      return connections
    },
    get connectionsUsed() {
      return connectionsUsed
    },
    get bytes() {
      return bytes
    },
    get fetches() {
      return fetches()
    },
    publish: (keys, headers) => {
      standing = json({ keys }, headers)
    },
    next: (...behaviours) => {
      script.push(...behaviours)
    },
    always: (behaviour) => {
      standing = behaviour
    },
    at: (path, behaviour) => {
      others.set(path, behaviour)
    },
    arrived: (count) => until(() => fetches() >= count),
    quiet: () => until(() => answering === 0),
    stop,
    start: () => listen(server, port),
    [Symbol.asyncDispose]: stop,
  }
}

/** Answers `value` as JSON. */
export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return text(JSON.stringify(value), { 'Content-Type': 'application/json', ...headers })
}

/** Answers these bytes with status 200. */
export function text(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (response) => {
    response.writeHead(200, headers).end(body)
  }
}

/** Answers this status, with a body that would be a key set if it were read. */
export function status(code: number, keys: readonly unknown[] = []): Behaviour {
  return (response) => {
    response.writeHead(code, { 'Content-Type': 'application/json' })
    response.end(code === 204 || code === 304 ? undefined : JSON.stringify({ keys }))
  }
}

/** Sends the client elsewhere. */
export function redirect(code: number, location: string): Behaviour {
  return (response) => {
    response.writeHead(code, { Location: location }).end()
  }
}

/** Takes the request and never answers. */
export function hang(): Behaviour {
  return () => {}
}

/** Sends the head, promises a body and never sends it. */
export function hangAfterHead(): Behaviour {
  return (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '400' })
    response.flushHeaders()
  }
}

/** Sends white space, one byte at a time, for ever: legal JSON so far, and never silent. */
export function drip(interval: number): Behaviour {
  return (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    const timer = setInterval(() => response.write(Buffer.from(' ')), interval)
    response.on('close', () => clearInterval(timer))
  }
}

/** Sends white space in chunks, as fast as the client reads, and stops only when the client hangs up. */
export function chunkedBomb(code = 200): Behaviour {
  return (response) => {
    response.writeHead(code, { 'Content-Type': 'application/json' })
    const chunk = Buffer.alloc(65_536, ' ')
    const pump = (): void => {
      while (!response.destroyed && response.write(chunk)) {}
    }
    response.on('drain', pump)
    pump()
  }
}

/** A small body that grows to `size` bytes once unpacked. */
export function gzipBomb(size: number): Behaviour {
  const body = gzipSync(Buffer.alloc(size, ' '))
  return text(body, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' })
}

/** Cuts the connection before a byte is answered. */
export function reset(): Behaviour {
  return (response) => {
    response.socket?.resetAndDestroy()
  }
}

/** Cuts the connection in the middle of a body. */
export function cut(body: string): Behaviour {
  return (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) })
    response.write(Buffer.from(body.slice(0, body.length / 2)), () => response.socket?.destroy())
  }
}

export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

/** Something a test opens by hand, where a delay would be a guess. */
export function createGate(): Gate {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

/** Answers only once the gate is open. */
export function behind(gate: Gate, behaviour: Behaviour): Behaviour {
  return async (response, request) => {
    await gate.opened
    await behaviour(response, request)
  }
}
