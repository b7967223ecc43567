export type { IoredisClient, NodeRedisClient, RedisClient } from './client.js'
export { createRedisReplayStore, type RedisReplayStoreOptions } from './replay-store.js'
export {
  createRedisRevocationList,
  type RedisRevocationList,
  type RedisRevocationListOptions,
} from './revocation-list.js'
export type { IoredisSubscriber, NodeRedisSubscriber, RedisSubscriber } from './subscription.js'
