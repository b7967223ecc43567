import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { createStatementReader } from './statements.js'

/**
 * What becomes of a statement: it goes on; the connection is cut before the database sees it; the database sees it, and the
 * connection is cut before the answer.
 */
export type Fate = 'pass' | 'cut' | 'cut_answer'

/** Stands between a server and its database. */
export interface DatabaseProxy {
  /** Of the database, through the proxy. */
  readonly url: string
  /** Looks at every statement. Default: all pass. */
  fate: (statement: string) => Fate
  /** Milliseconds that everything the server sends is held back. */
  delay: number
  /** No byte goes through any more, and no connection breaks. */
  pause(): void
  resume(): void
  /** Breaks every connection and takes no new one. */
  stop(): Promise<void>
  /** Takes connections again. */
  start(): Promise<void>
  close(): Promise<void>
  /** Connections that are open. */
  readonly open: number
}

/** @param database - `postgres://user@host:port/name` */
export async function createProxy(database: string): Promise<DatabaseProxy> {
  const target = new URL(database)
  const pairs = new Set<{ readonly client: Socket; readonly server: Socket }>()
  let isPaused = false

  const listener = createServer((client) => {
    const server = connect({ host: target.hostname, port: Number(target.port) })
    const pair = { client, server }
    pairs.add(pair)
    const end = (): void => {
      pairs.delete(pair)
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) socket.on('error', end).on('close', end)
    if (isPaused) for (const socket of [client, server]) socket.pause()
    const read = createStatementReader()
    let isDeaf = false
    client.on('data', (chunk) => {
      const fates = read(chunk).map((statement) => proxy.fate(statement))
      if (fates.includes('cut')) return end()
      if (fates.includes('cut_answer')) isDeaf = true
      if (proxy.delay === 0) server.write(chunk)
      else setTimeout(() => server.destroyed || server.write(chunk), proxy.delay)
    })
    server.on('data', (chunk) => {
      if (isDeaf) end()
      else client.write(chunk)
    })
  })
  const listen = async (port: number): Promise<void> => {
    listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
  }
  await listen(0)
  // what listens on a port has an AddressInfo
  const { port } = listener.address() as AddressInfo
  const each = (work: (socket: Socket) => void): void => {
    for (const { client, server } of pairs) for (const socket of [client, server]) work(socket)
  }
  const stop = async (): Promise<void> => {
    const closed = once(listener, 'close')
    listener.close()
    each((socket) => socket.destroy())
    await closed
  }

  const proxy: DatabaseProxy = {
    url: `postgres://${target.username}@127.0.0.1:${port}${target.pathname}`,
    fate: () => 'pass',
    delay: 0,
    pause: () => {
      isPaused = true
      each((socket) => socket.pause())
    },
    resume: () => {
      isPaused = false
      each((socket) => socket.resume())
    },
    stop,
    start: () => listen(port),
    close: async () => {
      if (listener.listening) await stop()
    },
    get open() {
      return pairs.size
    },
  }
  return proxy
}
