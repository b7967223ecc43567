import { once } from 'node:events'
import type { RedisClient, RedisSubscriber } from '@behalf/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'

export const libraries = ['ioredis', 'node-redis'] as const
export type Library = (typeof libraries)[number]

/** A pair of clients as a team would make them, and what only their maker does with them. */
export interface Clients {
  readonly client: RedisClient
  readonly subscriber: RedisSubscriber
  /** Sends a command beside everything else. */
  send(...command: readonly [string, ...string[]]): Promise<unknown>
  close(): void
}

export interface ClientSettings {
  readonly library: Library
  readonly port: number
  /** Whether the library lets commands wait for a connection, as both do unless they are told otherwise. Default false. */
  readonly offlineQueue?: boolean
}

/** Begins to connect: a server that is not there may come later. */
export function createClients(settings: ClientSettings): Clients {
  const { library } = settings
  return library === 'ioredis' ? createIoredis(settings) : createNodeRedis(settings)
}

/** Connects. */
export async function connectClients(settings: ClientSettings): Promise<Clients> {
  const clients = createClients(settings)
  // Both kinds are event emitters.
  const emitters = [clients.client, clients.subscriber] as unknown as readonly NodeJS.EventEmitter[]
  await Promise.all(emitters.map((emitter) => once(emitter, 'ready')))
  return clients
}

function createIoredis({ port, offlineQueue = false }: ClientSettings): Clients {
  const create = () => {
    const client = new Redis({ port, enableOfflineQueue: offlineQueue, retryStrategy: () => 50 })
    return client.on('error', () => {})
  }
  const [client, subscriber] = [create(), create()]
  return {
    client,
    subscriber,
    send: (...command) => client.call(...command),
    close() {
      client.disconnect()
      subscriber.disconnect()
    },
  }
}

function createNodeRedis({ port, offlineQueue = false }: ClientSettings): Clients {
  const create = () => {
    const socket = { host: '127.0.0.1', port, reconnectStrategy: 50 }
    const client = createClient({ socket, disableOfflineQueue: !offlineQueue })
    client.on('error', () => {})
    client.connect().catch(() => {})
    return client
  }
  const [client, subscriber] = [create(), create()]
  return {
    client,
    subscriber,
    send: (...command) => client.sendCommand(command),
    close() {
      client.destroy()
      subscriber.destroy()
    },
  }
}

/** Subscribes as an application does, each library in its own way. */
export async function listen(subscriber: RedisSubscriber, channel: string, onMessage: (message: string) => void) {
  if (subscriber instanceof Redis) {
    subscriber.on('message', (name, message) => {
      if (name === channel) onMessage(message)
    })
    await subscriber.subscribe(channel)
  } else {
    await (subscriber as ReturnType<typeof createClient>).subscribe(channel, onMessage)
  }
}
