/** What is used of ioredis: a `Redis` or a `Cluster`. */
export interface IoredisClient {
  /** `ready` while commands are answered. */
  readonly status: string
  call(command: string, ...args: string[]): Promise<unknown>
  on(event: 'ready', listener: () => void): unknown
  off(event: 'ready', listener: () => void): unknown
}

/** What is used of node-redis: what `createClient` answers. */
export interface NodeRedisClient {
  /** Whether commands are answered. */
  readonly isReady: boolean
  sendCommand(args: readonly string[]): Promise<unknown>
  on(event: 'ready', listener: () => void): unknown
  off(event: 'ready', listener: () => void): unknown
}

/** A connected client of ioredis or node-redis. It stays yours: nothing here connects, configures or closes it. */
export type RedisClient = IoredisClient | NodeRedisClient

/** One command with its arguments. */
export type Command = readonly [name: string, ...args: string[]]

/** Whether a command would be sent now, rather than wait in the offline queue of the client. */
export function isReady(client: Pick<IoredisClient, 'status'> | Pick<NodeRedisClient, 'isReady'>): boolean {
  return 'status' in client ? client.status === 'ready' : client.isReady
}

/** Sends a command, whichever client it is. */
export async function sendTo(client: RedisClient, command: Command): Promise<unknown> {
  return 'status' in client ? client.call(...command) : client.sendCommand(command)
}

/** Resolves when a client is connected, and in any case after some milliseconds or at a signal. */
export function whenReady(client: RedisClient, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (isReady(client)) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      client.off('ready', end)
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    client.on('ready', end)
    signal.addEventListener('abort', end, { once: true })
  })
}
