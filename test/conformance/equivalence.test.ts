import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, type DecisionEvent, startApi } from '../support/api.js'
import { type TargetName, targetNames } from '../support/targets.js'
import { headerValues, type WireResponse } from '../support/wire.js'
import { corpus, corpusIssuer, corpusRoutes, pipelined } from './corpus.js'
import { codes } from './error-table.js'

const settings = { routes: corpusRoutes, publish: true, options: { issuer: corpusIssuer, maxTokenAge: 3600 } }
const adapters = targetNames.filter((name) => name !== 'core')
const apis = new Map<TargetName, Api>()

beforeAll(async () => {
  for (const target of targetNames) apis.set(target, await startApi(target, settings))
})
afterAll(async () => {
  for (const api of apis.values()) await api.close()
})

function apiOf(target: TargetName): Api {
  const api = apis.get(target)
  if (api === undefined) throw new Error(`${target} is not running`)
  return api
}

/** What two targets must agree on. Date, connection handling and the framework's own decorations are theirs. */
function comparable(response: WireResponse) {
  const ours = ['WWW-Authenticate', 'Cache-Control', 'Retry-After']
  const names = response.status === 200 ? ours : [...ours, 'Content-Type', 'Content-Length'] // of 200 they are the handler's
  return {
    status: response.status,
    headers: Object.fromEntries(names.map((name) => [name, headerValues(response, name)])),
    body: response.body.toString('latin1'),
  }
}

function comparableEvent({ id: _id, time: _time, duration_ms: _duration, resource, ...event }: DecisionEvent) {
  return { ...event, resource: { aud: resource.aud } }
}

for (const adapter of adapters) {
  describe(`${adapter} answers like core`, () => {
    it.each(Object.entries(corpus))('%s', async (_name, { call, parser }) => {
      const expected = await apiOf('core').call(call)
      const outcome = await apiOf(adapter).call(call)
      // The parser of Node 20.19 passes on what later ones refuse; then the adapters answer it, alike.
      if (parser && expected.events.length === 0) {
        expect(outcome.response.status).toBe(expected.response.status)
        expect(outcome.response.status).toBeGreaterThanOrEqual(400)
        expect([...outcome.events, ...expected.events]).toEqual([])
        return
      }
      expect(comparable(outcome.response)).toEqual(comparable(expected.response))
      expect(outcome.events.map(comparableEvent)).toEqual(expected.events.map(comparableEvent))
      expect(outcome.events).toHaveLength(parser || typeof call === 'string' ? 1 : (call.events ?? 1))
    })

    it('pipelined requests', async () => {
      const expected = await apiOf('core').pipeline(pipelined)
      const outcome = await apiOf(adapter).pipeline(pipelined)
      expect(outcome.responses.map(comparable)).toEqual(expected.responses.map(comparable))
      const bySubject = (events: readonly DecisionEvent[]) =>
        events.map((event) => JSON.stringify(comparableEvent(event))).sort()
      expect(bySubject(outcome.events)).toEqual(bySubject(expected.events))
    })
  })
}

it('the corpus brings about every code there is, and every one that needs no help without help', async () => {
  const seen = new Set<string>()
  const raised = new Set<string>()
  for (const [name, { call }] of Object.entries(corpus)) {
    if (name.startsWith('byte')) continue
    const { events } = await apiOf('core').call(call)
    for (const { reason } of events) (name.startsWith('raised') ? raised : seen).add(reason.code)
  }
  expect(codes.filter((code) => !raised.has(code))).toEqual([])
  const later =
    /^(token_revoked|token_replayed|binding_required|binding_mismatch|dpop_|authentication_|details_|purpose_|policy_|.*_unavailable|internal_)/
  expect(codes.filter((code) => !seen.has(code) && !later.test(code))).toEqual([])
  expect(seen).toContain('allowed')
})
