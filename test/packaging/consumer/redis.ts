import { createResourceServer, type ReplayStore } from '@behalf/core'
import {
  createRedisReplayStore,
  createRedisRevocationList,
  type RedisClient,
  type RedisRevocationList,
  type RedisSubscriber,
} from '@behalf/redis'
import { Cluster, Redis } from 'ioredis'
import { createClient } from 'redis'

const ioredis = new Redis({ lazyConnect: true })
const nodeRedis = createClient()

export const clients: readonly RedisClient[] = [ioredis, nodeRedis, new Cluster([], { lazyConnect: true })]
export const subscribers: readonly RedisSubscriber[] = [ioredis.duplicate(), nodeRedis.duplicate()]

const replayStore: ReplayStore = createRedisReplayStore({ client: ioredis, prefix: 'billing:replay:' })
const revocations: RedisRevocationList = createRedisRevocationList({
  client: nodeRedis,
  subscriber: nodeRedis.duplicate(),
  onWarning: ({ code, message }) => void [code, message],
})

export const server = createResourceServer({
  issuer: 'https://auth.example.com',
  audience: 'https://billing.example.com',
  replayStore: { store: replayStore, timeout: 100 },
  revocation: revocations,
  securityEvents: { revocations },
})

export async function withdraw(subject: string): Promise<number> {
  await revocations.revoke({ issuer: 'https://auth.example.com', subject })
  await revocations.close()
  return revocations.size
}
