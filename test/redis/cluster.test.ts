import { once } from 'node:events'
import { createRedisReplayStore, createRedisRevocationList } from '@behalf/redis'
import { Cluster, Redis } from 'ioredis'
import { expect, it, onTestFinished, vi } from 'vitest'
import { describeWith } from '../support/services.js'
import { now, of, tokenOf } from './lists.js'
import { freePort, program, startRedis } from './server.js'

/** A cluster of one node. */
async function startCluster(): Promise<number> {
  const settings = ['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`]
  const server = await startRedis({ settings: [...settings, '--cluster-announce-ip', '127.0.0.1'] })
  onTestFinished(server.close)
  const node = new Redis({ port: server.port })
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await vi.waitFor(async () => expect(await node.call('CLUSTER', 'INFO')).toContain('cluster_state:ok'), 10_000)
  node.disconnect()
  return server.port
}

async function connectCluster(port: number): Promise<Cluster> {
  const cluster = new Cluster([{ host: '127.0.0.1', port }], { enableOfflineQueue: false })
  onTestFinished(() => cluster.disconnect())
  await once(cluster, 'ready')
  return cluster
}

describeWith('redis-server', program !== undefined, 'a cluster, by ioredis', () => {
  it('keeps what was used once', async () => {
    const port = await startCluster()
    const [one, two] = await Promise.all([connectCluster(port), connectCluster(port)])
    const stores = [one, two].map((client) => createRedisReplayStore({ client }))
    const keys = Array.from({ length: 100 }, (_, i) => `token:${i}`)
    for (const key of keys) {
      const uses = await Promise.all(stores.map((store) => store.reserve(key, now() + 60)))
      expect(new Set(uses)).toEqual(new Set([true, false]))
    }
  })

  it('shares revocations', async () => {
    const port = await startCluster()
    const lists = await Promise.all(
      [1, 2].map(async () => {
        const [client, subscriber] = await Promise.all([connectCluster(port), connectCluster(port)])
        const list = createRedisRevocationList({ client, subscriber })
        onTestFinished(() => list.close())
        await list.ready()
        return list
      }),
    )
    await lists[0]?.revoke(of('user-1'))
    await vi.waitFor(() => expect(lists[1]?.isRevoked(tokenOf('user-1'))).toBe(true))
    expect(lists[1]?.isRevoked(tokenOf('bystander'))).toBe(false)
  })
})
