import cluster from 'node:cluster'
import { createMemoryReplayStore, createResourceServer, type ResourceServerOptions, type Warning } from '@behalf/core'
import { createTestIssuer } from '@behalf/testing'
import { afterEach, expect, it } from 'vitest'

const audience = 'https://billing.example.com'
const { isWorker } = cluster

afterEach(() => {
  Object.assign(cluster, { isWorker })
})

/** The warnings of an API in a process that has siblings, or none, after so many uses of single-use tokens. */
async function warningsAfter(uses: number, hasSiblings: boolean, more: Partial<ResourceServerOptions> = {}) {
  Object.assign(cluster, { isWorker: hasSiblings })
  const issuer = await createTestIssuer({ listen: false })
  const warnings: Warning[] = []
  const onWarning = (warning: Warning) => void warnings.push(warning)
  const server = createResourceServer({ issuer: issuer.trusted(), audience, onWarning, ...more })
  for (let i = 0; i < uses; i++) {
    const headers = { authorization: `Bearer ${await issuer.token({ subject: 'user-1', audience })}` }
    expect(await server.authorize(new Request(audience, { headers }), { singleUse: true })).toMatchObject({
      allowed: true,
    })
  }
  await server.close()
  return warnings.map(({ code }) => code)
}

it('says once that what was used is known to one process alone, when it first matters', async () => {
  expect(await warningsAfter(0, true)).toEqual([])
  expect(await warningsAfter(3, true)).toEqual(['replay_not_shared'])
})

it('says nothing of it where a store is given, and where one process has all the load', async () => {
  expect(await warningsAfter(3, true, { replayStore: createMemoryReplayStore() })).toEqual([])
  expect(await warningsAfter(3, false)).toEqual([])
})
