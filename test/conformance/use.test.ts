import type { ReplayStore } from '@behalf/core'
import { expect } from 'vitest'
import type { Route } from '../support/routes.js'
import { mint } from '../support/token.js'
import { expectAllowed, expectRefused } from './answer.js'
import { bound, present } from './proof.js'
import { createSuite, withApi } from './suite.js'

const once = { singleUse: true, scope: 'billing:read' } as const
const routes: readonly Route[] = [
  { method: 'GET', path: '/once', guards: [{ protect: once }] },
  { method: 'GET', path: '/asked', guards: [{ protect: async () => once }] },
  { method: 'GET', path: '/often', guards: [{ protect: undefined }] },
  { method: 'GET', path: '/off', guards: [{ protect: { singleUse: false } }] },
  { method: 'GET', path: '/checked', guards: [{ protect: { singleUse: true, check: () => false } }] },
  {
    method: 'GET',
    path: '/owned/:id',
    guards: [{ protect: (param) => ({ singleUse: true, subject: param('id') ?? '' }) }],
  },
  { method: 'GET', path: '/stacked', guards: [{ protect: once }, { protect: { singleUse: true } }] },
]
const { proves } = createSuite({ routes })

proves('BEHALF-single-use', async (api) => {
  for (const path of ['/once', '/asked']) {
    const token = mint()
    expectAllowed(await api.call({ path, token }))
    for (let i = 0; i < 3; i++) expectRefused(await api.call({ path, token }), 'token_replayed')
    expectAllowed(await api.call({ path, token: mint() }))
  }
  const token = mint()
  expectAllowed(await api.call({ path: '/once', token }))
  expectRefused(await api.call({ path: '/asked', token }), 'token_replayed')

  const proven = bound()
  expectAllowed(await api.call(await present({ path: '/once', token: proven })))
  expectRefused(await api.call(await present({ path: '/once', token: proven })), 'token_replayed', { used: 'DPoP' })
})

proves('BEHALF-single-use-route', async (api) => {
  const token = mint()
  expectAllowed(await api.call({ path: '/often', token }))
  expectAllowed(await api.call({ path: '/once', token }))
  expectRefused(await api.call({ path: '/once', token }), 'token_replayed')
  for (const path of ['/often', '/off', '/often']) expectAllowed(await api.call({ path, token }))
})

proves('BEHALF-single-use-last', async (api) => {
  const narrow = mint({ jti: 'one', scope: 'other' })
  const token = mint({ jti: 'one' })
  expectRefused(await api.call({ path: '/once', token: narrow }), 'scope_insufficient', { scope: 'billing:read' })
  expectRefused(await api.call({ path: '/owned/user-2', token }), 'subject_mismatch')
  expectRefused(await api.call({ path: '/checked', token }), 'policy_denied')
  expectAllowed(await api.call({ path: '/owned/user-1', token }))
  expectRefused(await api.call({ path: '/once', token }), 'token_replayed')
})

proves('BEHALF-single-use-stacked', async (api) => {
  const token = mint()
  expectAllowed(await api.call({ path: '/stacked', token, events: 2 }), 2)
  expectRefused(await api.call({ path: '/stacked', token }), 'token_replayed')
})

proves('BEHALF-single-use-race', async (api) => {
  const token = mint()
  const calls = Array.from({ length: 20 }, () => ({ path: '/once', token }))
  const { responses } = await api.pipeline(calls)
  expect(responses.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1)
  expect(responses.map(({ status }) => status).filter((status) => status === 401)).toHaveLength(19)
})

proves('RFC7519-4.1.7-token-id', async (api) => {
  const [one, other] = [mint({ jti: 'same', sub: 'user-1' }), mint({ jti: 'same', sub: 'user-2' })]
  expectAllowed(await api.call({ path: '/once', token: one }))
  expectRefused(await api.call({ path: '/once', token: other }), 'token_replayed')
  expectAllowed(await api.call({ path: '/once', token: mint({ jti: 'Same' }) }))
})

const failing: Readonly<Record<string, ReplayStore['reserve']>> = {
  rejects: () => Promise.reject(new Error('connection to 10.0.0.7 lost')),
  throws() {
    throw new Error('connection to 10.0.0.7 lost')
  },
  hangs: () => new Promise(() => {}),
  'answers nothing': async () => undefined as unknown as boolean,
  'answers OK': async () => 'OK' as unknown as boolean,
}
proves('BEHALF-replay-store-fails', async ({ target }) => {
  for (const [name, reserve] of Object.entries(failing)) {
    const options = { replayStore: { store: { reserve }, timeout: 20 } }
    await withApi(target, { routes, options }, async (api) => {
      const refused = await api.call({ path: '/once', token: mint() })
      expect([name, refused.response.status]).toEqual([name, 503])
      expectRefused(refused, 'replay_unavailable')
      expectRefused(await api.call(await present({ path: '/often' })), 'replay_unavailable')
      expectAllowed(await api.call({ path: '/often', token: mint() }))
      expect(refused.response.raw.toString()).not.toMatch(/10\.0\.0\.7/)
    })
  }
  const waived = {
    store: { reserve: () => Promise.reject(new Error('lost')) },
    allowUncheckedWhenUnavailable: true,
  }
  await withApi(target, { routes, options: { replayStore: waived } }, async (api) => {
    const served = await api.call({ path: '/once', token: mint() })
    expectAllowed(served)
    expect(served.events[0]).toMatchObject({ unchecked: ['replay'] })
  })
})
