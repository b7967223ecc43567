import type { RequestListener } from 'node:http'
import { deflateSync, gzipSync } from 'node:zlib'
import { type ConfigurationError, createResourceServer, type VerifiedToken } from '@behalf/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { VerificationKey } from '../../packages/core/dist/jws/key.js'
import { readKeyRing } from '../../packages/core/dist/keys/key-ring.js'
import { createStaticKeySet } from '../../packages/core/dist/keys/static-key-set.js'
import { createStatusListCheck } from '../../packages/core/dist/revocation/status-list.js'
import {
  checkStatusList,
  readStatusList,
  type StatusListOptions,
} from '../../packages/core/dist/revocation/status-list-options.js'
import type { IssuerTrust } from '../../packages/core/dist/token/verifier.js'
import { leaks, tokenSecrets } from '../support/secrets.js'
import { AUDIENCE, createKey, ISSUER, issuerKey, type Json, jwks, mint, NOW } from '../support/token.js'
import { createBomb, type Listing, send, startListServer, statusList } from './list-server.js'
import {
  createClock,
  createWarnings,
  OTHER_ISSUER,
  otherKey,
  refusal,
  token,
  trustedIssuers,
  trustIn,
  withClaims,
} from './setting.js'

type ListServer = Awaited<ReturnType<typeof startListServer>>
const closing: (() => unknown)[] = []
let server: ListServer

beforeEach(async () => {
  server = await startListServer()
})
afterEach(async () => {
  for (const close of closing.splice(0)) close()
  await server.close()
})

function createScene(
  options: Partial<StatusListOptions> = {},
  issuers: ReadonlyMap<string, IssuerTrust> = trustedIssuers(),
) {
  const clock = createClock()
  const { onWarning, codes, warnings } = createWarnings()
  const settings = { hosts: [server.host], ...options }
  checkStatusList(settings, 'statusList')
  const check = createStatusListCheck(readStatusList(settings), {
    issuers,
    clockTolerance: 5,
    onWarning,
    now: clock.now,
  })
  closing.push(check.close)
  const ask = (idx: number, path?: string) => check.isRevoked(at(idx, path))
  const fails = (idx = 0) => refusal(() => ask(idx))
  return { clock, codes, warnings, check, ask, fails }
}

const at = (idx: number, path?: string): VerifiedToken =>
  withClaims({ status: { status_list: { idx, uri: server.uri(path) } } })

const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 2))
}

describe('the status of a token', () => {
  it.each([
    [1, [0, 1, 0]],
    [2, [0, 1, 2, 3]],
    [4, [0, 1, 2, 3, 11, 12, 15]],
    [8, [0, 1, 2, 3, 12, 15, 16, 255]],
  ])('of %i bits: 0 is valid, everything else is not', async (bits, statuses) => {
    server.serve({ bits, statuses })
    const { ask, codes } = createScene()
    for (const [idx, status] of statuses.entries()) expect(await ask(idx)).toBe(status !== 0)
    expect(server.requests).toEqual(['/lists/1'])
    expect(server.accepts).toEqual(['application/statuslist+jwt'])
    expect(codes()).toEqual([])
  })

  it('is known at once when the list is at hand', async () => {
    server.serve()
    const { ask } = createScene()
    expect(ask(0)).toBeInstanceOf(Promise)
    await ask(0)
    expect([ask(0), ask(1)]).toEqual([false, true])
  })

  it('is not asked for where the token points to no list', () => {
    const { check } = createScene()
    expect(check.isRevoked(token())).toBe(false)
    expect(server.requests).toEqual([])
  })

  it('is read from a token that a resource server verified', async () => {
    server.serve()
    const { check } = createScene()
    const trusted = { issuer: { issuer: ISSUER, jwks: jwks(issuerKey()) }, audience: AUDIENCE, now: () => NOW }
    const { verify } = createResourceServer(trusted)
    for (const idx of [0, 1]) {
      const verified = await verify(mint({ status: { status_list: { idx, uri: server.uri() } } }))
      expect(await check.isRevoked(verified)).toBe(idx === 1)
    }
  })

  it('cannot be told past the end of the list', async () => {
    server.serve({ statuses: [0, 1] }) // packed in one byte: eight places
    const { ask, fails } = createScene()
    expect(await ask(7)).toBe(false)
    expect(await fails(8)).toBe('claim_invalid')
    expect(await fails(Number.MAX_SAFE_INTEGER)).toBe('claim_invalid')
  })
})

describe('the claim', () => {
  const malformed: readonly (readonly [string, (good: Json) => unknown])[] = [
    ['nothing', () => null],
    ['a text', () => 'valid'],
    ['an empty object', () => ({})],
    ['another mechanism', () => ({ identifier_list: {} })],
    ['a list of lists', (good) => [{ status_list: good }]],
    ['no reference', () => ({ status_list: null })],
    ['a reference in a list', (good) => ({ status_list: [good] })],
    ['no idx', (good) => ({ status_list: { uri: good.uri } })],
    ['idx as text', (good) => ({ status_list: { ...good, idx: '0' } })],
    ['a negative idx', (good) => ({ status_list: { ...good, idx: -1 } })],
    ['half an idx', (good) => ({ status_list: { ...good, idx: 0.5 } })],
    ['an idx beyond numbers', (good) => ({ status_list: { ...good, idx: 2 ** 53 } })],
    ['no uri', () => ({ status_list: { idx: 0 } })],
    ['a uri in a list', (good) => ({ status_list: { ...good, uri: [good.uri] } })],
    [
      'a uri that is too long',
      (good) => ({ status_list: { ...good, uri: `${String(good.uri)}?${'x'.repeat(2048)}` } }),
    ],
  ]

  it.each(malformed)('that is %s refuses the token', async (_what, make) => {
    server.serve()
    const { check } = createScene()
    const good = { idx: 0, uri: server.uri() }
    expect(await refusal(() => check.isRevoked(withClaims({ status: make(good) })))).toBe('claim_invalid')
    expect(server.requests).toEqual([])
    expect(await check.isRevoked(withClaims({ status: { status_list: good, more: 1 } }))).toBe(false)
  })

  it.each([
    ['another host', () => 'https://evil.example.com/lists/1'],
    ['another port', () => `http://127.0.0.1:${server.port + 1}/lists/1`],
    ['another name of the host', () => `http://localhost:${server.port}/lists/1`],
    ['a user name', () => `http://user@${server.host}/lists/1`],
    ['the host as a user name', () => `http://${server.host}@evil.example.com/lists/1`],
    ['a host that starts alike', () => `http://${server.host}.evil.example.com/lists/1`],
    ['plain http elsewhere', () => 'http://status.example.com/lists/1'],
    ['a fragment', () => `${server.uri()}#1`],
    ['a file', () => 'file:///etc/passwd'],
    ['data', () => 'data:text/plain,a'],
    ['no URL', () => '/lists/1'],
    ['nothing', () => ''],
  ])('never leads to %s', async (_what, uri) => {
    server.serve()
    const { check, codes, warnings } = createScene({ hosts: [server.host, 'status.example.com'] })
    const pointing = withClaims({ status: { status_list: { idx: 0, uri: uri() } } })
    expect(await refusal(() => check.isRevoked(pointing))).toBe('claim_invalid')
    expect(await refusal(() => check.isRevoked(pointing))).toBe('claim_invalid')
    expect(server.requests).toEqual([])
    expect(codes()).toEqual(['status_list_refused']) // once
    expect(warnings[0]).toMatchObject({ issuer: ISSUER })
  })

  it("of an issuer unknown is nobody's to answer", async () => {
    server.serve()
    const { check } = createScene({}, new Map())
    expect(await refusal(() => check.isRevoked(at(0)))).toBe('claim_invalid')
    expect(server.requests).toEqual([])
  })
})

const withMore = (deflated: Buffer) => Buffer.concat([deflated, Buffer.alloc(1)]).toString('base64url')
const strange = createKey('ES256', 'es256')
const unusable: readonly (readonly [string, Listing])[] = [
  ['another type', { header: { typ: 'JWT' } }],
  ['no type', { header: { typ: undefined } }],
  ['the type of an access token', { header: { typ: 'at+jwt' } }],
  ['an algorithm the issuer does not use', { key: issuerKey('ES384') }],
  ['a key the issuer does not have', { header: { kid: 'unknown' } }],
  ['the signature of another key', { key: strange }],
  ['the key of another issuer', { key: otherKey }],
  ['another address', { claims: { sub: 'https://status.example.com/lists/1' } }],
  ['no address', { claims: { sub: undefined } }],
  ['another issuer', { claims: { iss: OTHER_ISSUER } }],
  ['no iat', { claims: { iat: undefined } }],
  ['iat as text', { claims: { iat: String(NOW) } }],
  ['iat in the future', { claims: { iat: NOW + 6 } }],
  ['exp in the past', { claims: { exp: NOW - 5 } }],
  ['exp as text', { claims: { exp: String(NOW + 60) } }],
  ['a ttl of nothing', { claims: { ttl: 0 } }],
  ['a negative ttl', { claims: { ttl: -1 } }],
  ['ttl as text', { claims: { ttl: '60' } }],
  ['no status list', { claims: { status_list: undefined } }],
  ['a status list in a list', { claims: { status_list: [] } }],
  ['no bits', { list: { bits: undefined } }],
  ['three bits', { list: { bits: 3 } }],
  ['sixteen bits', { list: { bits: 16 } }],
  ['bits as text', { list: { bits: '1' } }],
  ['no lst', { list: { lst: undefined } }],
  ['an empty lst', { list: { lst: '' } }],
  ['lst as base64', { list: { lst: 'eNrbuRgAAhcBXQ==' } }],
  ['lst that is not compressed', { list: { lst: Buffer.alloc(16).toString('base64url') } }],
  ['lst with a byte after its end', { list: { lst: withMore(deflateSync(Buffer.alloc(16))) } }],
  ['lst as GZIP', { list: { lst: gzipSync(Buffer.alloc(16)).toString('base64url') } }],
]

describe('a list that counts for nothing', () => {
  it.each(unusable)('has %s: 503', async (_what, listing) => {
    server.serve(listing)
    const { ask, codes, warnings, clock } = createScene()
    const thrown = await Promise.resolve(ask(0)).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'revocation_unavailable', status: 503, retryAfter: 1 })
    expect(codes()).toEqual(['status_list_refresh_failed'])
    const said = JSON.stringify(warnings.map(({ message, cause }) => [message, String(cause)]))
    expect(leaks(said, tokenSecrets(statusList(server.uri(), listing)))).toEqual([])

    server.serve() // the positive twin
    clock.advance(1)
    expect(await ask(1)).toBe(true)
  })

  it('is named with its issuer or without, with white space after it, and with an end to come', async () => {
    const listings: readonly Listing[] = [
      { claims: { iss: ISSUER, exp: NOW + 60, ttl: 60, iat: NOW + 5 } },
      { claims: { exp: NOW - 4 } },
      { header: { typ: 'application/statuslist+jwt' } },
    ]
    for (const [index, listing] of listings.entries()) server.serve(listing, `/lists/${index}`)
    server.answer('/lists/spaced', (_request, response) =>
      send(response, `\n${statusList(server.uri('/lists/spaced'))}\r\n`),
    )
    const { ask } = createScene()
    for (const path of ['/lists/0', '/lists/1', '/lists/2', '/lists/spaced']) {
      expect([await ask(0, path), await ask(1, path)]).toEqual([false, true])
    }
  })

  it('proves nothing for the tokens of another issuer', async () => {
    server.serve()
    const { ask, check } = createScene()
    expect(await ask(0)).toBe(false)
    expect(await refusal(() => check.isRevoked({ ...at(0), issuer: OTHER_ISSUER }))).toBe('revocation_unavailable')
    expect(ask(0)).toBe(false)
  })

  it('is gone with the key that proved it', async () => {
    const second = createKey('ES256', 'second')
    const keys = createStaticKeySet(readKeyRing(jwks(issuerKey(), second), () => {}))
    let withdrawn: string | undefined
    const holds = (key: VerificationKey) => key.kid !== withdrawn && keys.holds(key)
    const trust = trustIn(ISSUER, issuerKey(), { keys: { ...keys, holds } })
    server.serve({ key: second })
    const { ask, fails, clock } = createScene({ stale: { serveFor: 1000 } }, new Map([[ISSUER, trust]]))
    expect(await ask(0)).toBe(false)
    withdrawn = 'second'
    clock.advance(10)
    expect(await fails()).toBe('revocation_unavailable')
    server.serve({ claims: { iat: NOW - 1 }, statuses: [1, 0] }) // older, but by a key that counts
    clock.advance(30)
    expect(await ask(0)).toBe(true)
  })
})

describe('an answer that is none', () => {
  const answers: readonly (readonly [string, RequestListener])[] = [
    ['not found', (_request, response) => void response.writeHead(404).end()],
    ['an error', (_request, response) => void response.writeHead(500).end()],
    ['created, whatever that is', (_request, response) => void response.writeHead(201).end(statusList(server.uri()))],
    [
      'another address',
      (_request, response) => void response.writeHead(302, { location: server.uri('/lists/2') }).end(),
    ],
    ['a page', (_request, response) => void response.end('<!doctype html>')],
    ['nothing', (_request, response) => void response.end()],
    ['bytes that are no text', (_request, response) => void response.end(Buffer.from([0xff, 0xfe, 0xfd]))],
    ['half a list', (_request, response) => send(response, statusList(server.uri()).slice(0, -20))],
    ['a closed connection', (request) => void request.socket.destroy()],
    [
      'a body that is cut off',
      (request, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('a')
        setTimeout(() => request.socket.destroy(), 5)
      },
    ],
    ['silence', () => {}],
    [
      'a body without end',
      (_request, response) => {
        const timer = setInterval(() => response.write('a'), 5)
        response.on('close', () => clearInterval(timer))
      },
    ],
    ['far too much', (_request, response) => void response.end(Buffer.alloc(8_000_000, 'a'))],
    [
      'far too much, compressed',
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(8_000_000, 'a')))
      },
    ],
  ]

  it.each(answers)('%s: 503 within the limit, and nothing lasting', async (_what, answer) => {
    server.serve({}, '/lists/2')
    server.answer('/lists/1', answer)
    const { ask, fails, codes, clock } = createScene({ timeout: 200, maxSize: 4096 })
    const started = performance.now()
    expect(await fails()).toBe('revocation_unavailable')
    expect(performance.now() - started).toBeLessThan(3000)
    expect(codes()).toEqual(['status_list_refresh_failed'])
    expect(server.requests).toEqual(['/lists/1'])
    server.serve()
    clock.advance(1)
    expect(await ask(1)).toBe(true)
  })

  it('a bomb: 503, within time and memory', async () => {
    const lst = (await createBomb(128)).toString('base64url')
    server.serve({ list: { lst } })
    const { ask, fails, warnings, clock } = createScene()
    const before = process.memoryUsage().rss
    const started = performance.now()
    expect(await fails()).toBe('revocation_unavailable')
    expect(performance.now() - started).toBeLessThan(2000)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
    expect(warnings[0]?.message).toContain('larger than 2097152 bytes')
    server.serve()
    clock.advance(1)
    expect(await ask(1)).toBe(true)
  })

  it('keys that cannot be had: 503', async () => {
    const trust = trustIn(ISSUER, issuerKey(), {
      keys: {
        find: () => Promise.reject(new Error('keys are down')),
        holds: () => false,
        ready: () => Promise.reject(new Error('keys are down')),
        close() {},
      },
    })
    server.serve()
    const { fails } = createScene({}, new Map([[ISSUER, trust]]))
    expect(await fails()).toBe('revocation_unavailable')
  })
})

describe('how often a list is fetched', () => {
  it('once, however many tokens wait for it', async () => {
    server.answer('/lists/1', (_request, response) => {
      setTimeout(() => send(response, statusList(server.uri())), 30)
    })
    const { ask } = createScene()
    const answers = await Promise.all(Array.from({ length: 50 }, async (_, index) => await ask(index % 2)))
    expect(answers.filter(Boolean)).toHaveLength(25)
    expect(server.requests).toHaveLength(1)
  })

  it('not for every token while it fails: one try, then longer and longer pauses', async () => {
    server.answer('/lists/1', (_request, response) => void response.writeHead(500).end())
    const { fails, clock } = createScene()
    const tries: number[] = []
    for (let second = 0; second < 120; second += 1) {
      const before = server.requests.length
      expect(await fails()).toBe('revocation_unavailable')
      expect(await fails()).toBe('revocation_unavailable')
      if (server.requests.length > before) tries.push(second)
      clock.advance(1)
    }
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 61, 91])
  })

  it('ahead of time in the background, by its ttl', async () => {
    server.serve({ claims: { ttl: 100 } })
    const { ask, clock } = createScene()
    await ask(1)
    clock.advance(74)
    expect(ask(1)).toBe(true)
    expect(server.requests).toHaveLength(1)
    server.serve({ claims: { ttl: 100, iat: NOW + 1 }, statuses: [1, 0] })
    clock.advance(1)
    expect(ask(1)).toBe(true) // at once, with the list at hand
    await until(() => ask(1) === false)
    expect(ask(0)).toBe(true)
    expect(server.requests).toHaveLength(2)
  })

  it.each([
    ['by maxAge where it does not say', { maxAge: 40 }, {}, 40],
    ['by maxAge where its ttl is longer', { maxAge: 40 }, { ttl: 43_200 }, 40],
    ['by its ttl where that is shorter', { maxAge: 400 }, { ttl: 40 }, 40],
    ['every five seconds at most', {}, { ttl: 1 }, 5],
    ['by its exp where that comes first, tolerance included', {}, { exp: NOW + 35, ttl: 300 }, 40],
    ['every five minutes by default', {}, {}, 300],
  ])('%s', async (_what, options, claims, age) => {
    server.serve({ claims })
    const { ask, fails, clock } = createScene(options)
    expect(await ask(0)).toBe(false)
    server.answer('/lists/1', (_request, response) => void response.writeHead(500).end())
    clock.advance(age - 0.1)
    expect(ask(0)).toBe(false)
    await until(() => server.requests.length === 2)
    clock.advance(0.1)
    expect(await fails()).toBe('revocation_unavailable')
  })

  it('waits for a newer list when nobody asked for long', async () => {
    server.serve()
    const { ask, clock } = createScene({ stale: { serveFor: 3600 } })
    expect(await ask(0)).toBe(false)
    server.serve({ claims: { iat: NOW + 301 }, statuses: [1, 0] })
    clock.advance(301)
    const answer = ask(0)
    expect(answer).toBeInstanceOf(Promise)
    expect(await answer).toBe(true)
  })

  it('goes on when the clock steps back', async () => {
    server.serve()
    const { ask, clock, codes } = createScene()
    expect(await ask(0)).toBe(false)
    clock.advance(-5000)
    server.serve({ claims: { iat: NOW - 5000 }, statuses: [1, 0] })
    expect(ask(0)).toBe(false)
    await until(() => server.requests.length === 2)
    expect(codes()).toEqual([])
  })

  it('keeps a bounded number of lists', async () => {
    for (let n = 0; n < 10; n += 1) server.serve({}, `/lists/${n}`)
    const { ask } = createScene({ maxLists: 4 })
    for (let n = 0; n < 10; n += 1) expect(await ask(1, `/lists/${n}`)).toBe(true)
    expect(server.requests).toHaveLength(10)
    for (const n of [6, 7, 8, 9]) expect(ask(1, `/lists/${n}`)).toBe(true)
    const again = ask(1, '/lists/0')
    expect(again).toBeInstanceOf(Promise)
    expect(await again).toBe(true)
  })

  it('never takes an older list for news', async () => {
    server.serve({ claims: { iat: NOW - 10, ttl: 10 }, statuses: [1, 0] })
    const { ask, clock, codes } = createScene()
    expect(await ask(0)).toBe(true)
    server.serve({ claims: { iat: NOW - 20, ttl: 10 }, statuses: [0, 0] })
    clock.advance(11)
    expect(await ask(0)).toBe(true)
    expect(server.requests).toHaveLength(2)
    server.serve({ claims: { iat: NOW - 9, ttl: 10 }, statuses: [0, 0] })
    clock.advance(11)
    expect(await ask(0)).toBe(false)
    expect(codes()).toEqual([])
  })

  it('not at all once it is closed', async () => {
    server.serve()
    const { ask, check, fails, clock } = createScene()
    expect(await ask(0)).toBe(false)
    check.close()
    clock.advance(301)
    expect(await fails()).toBe('revocation_unavailable')
    expect(server.requests).toHaveLength(1)
  })

  it('ends a fetch under way when it is closed', async () => {
    server.answer('/lists/1', () => {})
    const { check, fails } = createScene({ timeout: 60_000 })
    const failing = fails()
    await until(() => server.requests.length === 1)
    check.close()
    expect(await failing).toBe('revocation_unavailable')
  })
})

describe('while no newer list can be had', () => {
  const down: RequestListener = (_request, response) => void response.writeHead(503).end()

  it('refuses as soon as the last one is overdue, by default', async () => {
    server.serve({ claims: { ttl: 100 } })
    const { ask, fails, clock, codes } = createScene()
    expect(await ask(0)).toBe(false)
    server.answer('/lists/1', down)
    clock.advance(99)
    expect(ask(0)).toBe(false)
    await until(() => codes().length === 1)
    clock.advance(1)
    expect(await fails()).toBe('revocation_unavailable')
    server.serve({ statuses: [1, 0] })
    clock.advance(30)
    expect(await ask(0)).toBe(true)
    expect(codes()).not.toContain('status_list_stale')
  })

  it('serves the last one for as long as the operator says, and says so', async () => {
    server.serve({ claims: { ttl: 100 } })
    const { ask, fails, clock, codes } = createScene({ stale: { serveFor: 50 } })
    expect([await ask(0), await ask(1)]).toEqual([false, true])
    server.answer('/lists/1', down)
    clock.advance(100)
    expect([await ask(0), await ask(1)]).toEqual([false, true])
    clock.advance(49)
    expect(ask(0)).toBe(false)
    await until(() => codes().filter((code) => code === 'status_list_refresh_failed').length === 2)
    expect(codes()).toContain('status_list_stale')
    clock.advance(1)
    expect(await fails()).toBe('revocation_unavailable')
    server.serve()
    clock.advance(30)
    expect(await ask(0)).toBe(false)
  })

  it('never serves one past its own end', async () => {
    server.serve({ claims: { exp: NOW + 100 } })
    const { ask, fails, clock } = createScene({ stale: { serveFor: 3600 } })
    expect(await ask(0)).toBe(false)
    server.answer('/lists/1', down)
    clock.advance(104)
    expect(await ask(0)).toBe(false)
    clock.advance(1)
    expect(await fails()).toBe('revocation_unavailable')
  })
})

describe('options', () => {
  const hosts = ['status.example.com']

  it.each([
    ['statusList.hosts', {}],
    ['statusList.hosts', { hosts: undefined }],
    ['statusList.hosts', { hosts: [] }],
    ['statusList.hosts', { hosts: 'status.example.com' }],
    ['statusList.hosts', { hosts: ['https://status.example.com'] }],
    ['statusList.hosts', { hosts: ['status.example.com/lists'] }],
    ['statusList.hosts', { hosts: ['Status.example.com'] }],
    ['statusList.hosts', { hosts: ['status.example.com:443'] }],
    ['statusList.hosts', { hosts: ['*.example.com'] }],
    ['statusList.hosts', { hosts: ['user@status.example.com'] }],
    ['statusList.hosts', { hosts: [''] }],
    ['statusList.stale', { hosts, stale: 'serve' }],
    ['statusList.stale.serveFor', { hosts, stale: {} }],
    ['statusList.stale.serveFor', { hosts, stale: { serveFor: undefined } }],
    ['statusList.stale.serveFor', { hosts, stale: { serveFor: 0 } }],
    ['statusList.maxAge', { hosts, maxAge: 1 }],
    ['statusList.timeout', { hosts, timeout: '1s' }],
    ['statusList.maxSize', { hosts, maxSize: 0 }],
    ['statusList.maxInflatedSize', { hosts, maxInflatedSize: -1 }],
    ['statusList.maxLists', { hosts, maxLists: 1.5 }],
    ['statusList.ttl', { hosts, ttl: 60 }],
  ])('%s is wrong in %j', (option, options) => {
    expect(() => checkStatusList(options, 'statusList')).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', option }) as ConfigurationError,
    )
  })

  it('are complete with hosts alone', () => {
    checkStatusList({ hosts, stale: 'refuse' }, 'statusList')
    checkStatusList({ hosts: ['status.example.com', '127.0.0.1:8443', '[::1]:8443'] }, 'statusList')
    expect(readStatusList({ hosts })).toEqual({
      hosts: new Set(hosts),
      staleFor: 0,
      maxAge: 300,
      timeout: 3000,
      maxSize: 1_048_576,
      maxInflatedSize: 2_097_152,
      maxLists: 64,
    })
  })
})
