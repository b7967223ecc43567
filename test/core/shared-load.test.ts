import cluster from 'node:cluster'
import {
  createMemoryReplayStore,
  createResourceServer,
  type Requirement,
  type ResourceServerOptions,
  type Warning,
} from '@behalf/core'
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

const dpop = 'required'

/** The warnings of an API that was created with these routes, before any request. */
async function warningsAtStart(hasSiblings: boolean, more: Partial<ResourceServerOptions>, routes: Requirement[] = []) {
  Object.assign(cluster, { isWorker: hasSiblings })
  const warnings: Warning[] = []
  const onWarning = (warning: Warning) => void warnings.push(warning)
  const server = createResourceServer({ issuer: 'https://auth.example.com', audience, onWarning, ...more })
  for (const route of routes) server.protect(route)
  await server.close()
  return warnings.map(({ code }) => code)
}

it('says at creation, once, that proofs are remembered by one process alone', async () => {
  expect(await warningsAtStart(true, { dpop })).toEqual(['replay_not_shared'])
  expect(await warningsAtStart(true, { dpop }, [{ singleUse: true }])).toEqual(['replay_not_shared'])
  expect(await warningsAtStart(true, {})).toEqual([])
  expect(await warningsAtStart(true, { dpop: 'disabled' })).toEqual([])
})

it('says it with the first route that wants tokens for one call, once', async () => {
  expect(await warningsAtStart(true, {}, [{ singleUse: true }, { singleUse: true }])).toEqual(['replay_not_shared'])
  expect(await warningsAtStart(true, {}, [{ scope: 'billing:read' }, { singleUse: false }])).toEqual([])
})

it('says it at the first use where nothing announced one', async () => {
  expect(await warningsAfter(0, true)).toEqual([])
  expect(await warningsAfter(3, true)).toEqual(['replay_not_shared'])
  expect(await warningsAfter(0, true, { dpop })).toEqual(['replay_not_shared'])
})

it('says nothing of it where a store is given, and where one process has all the load', async () => {
  const replayStore = createMemoryReplayStore()
  expect(await warningsAfter(3, true, { replayStore })).toEqual([])
  expect(await warningsAtStart(true, { dpop, replayStore }, [{ singleUse: true }])).toEqual([])
  expect(await warningsAtStart(false, { dpop }, [{ singleUse: true }])).toEqual([])
  expect(await warningsAfter(3, false)).toEqual([])
})
