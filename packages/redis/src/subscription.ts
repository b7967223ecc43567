import { isReady } from './client.js'

/** What is used of an ioredis client that subscribes. */
export interface IoredisSubscriber {
  readonly status: string
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: 'ready' | 'message', listener: (channel?: string) => void): unknown
  off(event: 'ready' | 'message', listener: (channel?: string) => void): unknown
}

/** What is used of a node-redis client that subscribes. */
export interface NodeRedisSubscriber {
  readonly isReady: boolean
  subscribe(channel: string, listener: () => void): Promise<unknown>
  unsubscribe(channel: string, listener: () => void): Promise<unknown>
  on(event: 'ready', listener: () => void): unknown
  off(event: 'ready', listener: () => void): unknown
}

/** A connected client that subscribes: another one than that which sends commands, often its `duplicate()`. */
export type RedisSubscriber = IoredisSubscriber | NodeRedisSubscriber

/** Listens on a channel. What was published while the connection was lost is lost too. */
export interface Subscription {
  /** Subscribes, unless that is done or under way, or the client is not connected. */
  renew(): void
  /** Ends it; takes no longer than half a second. */
  close(): Promise<void>
}

/** Milliseconds that closing waits for Redis. */
const patience = 500

/**
 * @param onMessage told of each message, and when there may have been some that were missed
 * @param onFailure told when Redis begins to refuse
 */
export function createSubscription(
  subscriber: RedisSubscriber,
  channel: string,
  onMessage: () => void,
  onFailure: (cause: unknown) => void,
): Subscription {
  const { subscribe, unsubscribe } = createChannel(subscriber, channel, onMessage)
  let isDone = false
  let isFailing = false

  async function start(): Promise<void> {
    try {
      await subscribe()
      isFailing = false
      onMessage() // of what was said before
    } catch (cause) {
      isDone = false
      if (!isFailing) onFailure(cause)
      isFailing = true
    }
  }

  function renew(): void {
    if (isDone || !isReady(subscriber)) return
    isDone = true
    void start()
  }

  function onReady(): void {
    isDone = false
    renew()
  }

  subscriber.on('ready', onReady)
  renew()
  return {
    renew,
    async close() {
      subscriber.off('ready', onReady)
      isDone = true
      await Promise.race([unsubscribe().catch(() => {}), after(patience)])
    },
  }
}

/** A channel, whichever client it is. */
interface Channel {
  subscribe(): Promise<void>
  unsubscribe(): Promise<void>
}

function createChannel(subscriber: RedisSubscriber, channel: string, onMessage: () => void): Channel {
  if ('isReady' in subscriber) {
    return {
      async subscribe() {
        await subscriber.subscribe(channel, onMessage)
      },
      async unsubscribe() {
        await subscriber.unsubscribe(channel, onMessage)
      },
    }
  }
  const listener = (name?: string): void => {
    if (name === channel) onMessage()
  }
  return {
    async subscribe() {
      subscriber.off('message', listener)
      subscriber.on('message', listener)
      await subscriber.subscribe(channel)
    },
    async unsubscribe() {
      subscriber.off('message', listener)
      await subscriber.unsubscribe(channel)
    },
  }
}

/** Resolves later, and keeps no process alive for it. */
function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref())
}
