import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram, isListening } from '../support/services.js'
import { connectClients } from './clients.js'

/** The Redis that the machine offers. */
export const sharedPort = 6379
export const isShared: boolean = await isListening(sharedPort)

/** A Redis, or Valkey, that a test can start itself. */
export const program: string | undefined = findProgram('redis-server', 'valkey-server')

/** A name for the keys of one test, which other tests and other users of the same Redis do not have. */
export const newPrefix = (): string => `behalf-test:${randomUUID()}:`

/** Removes what a test left in the shared Redis. */
export async function removeKeys(prefix: string): Promise<void> {
  const { send, close } = await connectClients({ library: 'ioredis', port: sharedPort })
  let cursor = '0'
  do {
    const [next, keys] = (await send('SCAN', cursor, 'MATCH', `*${prefix}*`, 'COUNT', '1000')) as [string, string[]]
    if (keys.length > 0) await send('DEL', ...keys)
    cursor = next
  } while (cursor !== '0')
  close()
}

/** A Redis of the test's own, which can fail. */
export interface RedisServer {
  readonly port: number
  start(): Promise<void>
  /** Ends it at once. Without `persistent` it has forgotten everything when it starts again. */
  stop(): Promise<void>
  /** Lets it hang: connections stay open, nothing is answered. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

export interface RedisServerOptions {
  /** Writes each change to disk before it is answered. */
  readonly persistent?: boolean
  /** More of its settings. */
  readonly settings?: readonly string[]
}

export async function startRedis({ persistent = false, settings = [] }: RedisServerOptions = {}): Promise<RedisServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'behalf-redis-'))
  const durability = persistent ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
  const place = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    child = spawn(program ?? '', [...place, ...durability, ...settings], { stdio: 'ignore' })
    while (!(await isListening(port))) {
      if (child.exitCode !== null) throw new Error(`it ended: ${child.spawnargs.join(' ')}`)
      await sleep(20)
    }
  }

  async function stop(): Promise<void> {
    if (child === undefined) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    child = undefined
  }

  await start()
  return {
    port,
    start,
    stop,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async close() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
