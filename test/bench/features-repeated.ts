import { createServer as createHttpServer } from 'node:http'
import {
  createMemoryReplayStore,
  createRevocationList,
  type Requirement,
  type ResourceServer,
  type RevocationList,
  type RevocationTarget,
} from '@behalf/core'
import { createRequest, createServer, trust } from './behalf.js'
import { liveBytes } from './heap.js'
import { listen } from './http/listen.js'
import { type Contender, type Measurement, measure } from './measure.js'
import type { Scale } from './scale.js'
import { audience, createSigner, issuer, type Signer, scope } from './signer.js'
import { ratio, statistic } from './statistic.js'
import { formatCount, formatRatio } from './table.js'
import { atMost, type Target, verdict } from './target.js'
import { createWire } from './wire.js'

const nothing = 'nothing'
const unused = 'nothing, with the options of every feature set'
const jwtAsked = "introspection: 'always', of a JWT"
const opaqueAsked = 'introspection, of an opaque token'
const listed = (size: number) => `revocation list of ${formatCount(size)}`

/** A route, its resource server and who calls it. */
interface Side {
  readonly name: string
  readonly server: ResourceServer
  readonly requirement: Requirement
  readonly credentials: readonly string[]
  readonly bytes?: number
}

export async function featuresOfEachCall(scale: Scale['features']): Promise<readonly (readonly string[])[]> {
  const signer = createSigner('RS256')
  const tokens = signer.tokens(scale.tokens)
  const endpoint = await startIntrospection()
  const plain = { requirement: { scope }, credentials: tokens }
  const asking = createIntrospecting(signer, endpoint.url)
  const sides: readonly Side[] = [
    { name: nothing, server: createServer(trust([signer])), ...plain },
    { name: unused, server: createWithEverything(signer, endpoint.url), ...plain },
    ...scale.watermarks.map((size) => ({ name: listed(size), ...plain, ...createRevoking(signer, size) })),
    { ...plain, name: jwtAsked, server: asking, requirement: { scope, introspection: 'always' } },
    { ...plain, name: opaqueAsked, server: asking, credentials: tokens.map((_token, index) => `opaque-${index}`) },
  ]
  for (const side of sides) await demandService(side)
  const asked = endpoint.count()
  const measurement = await measure(sides.map(toContender), { rounds: scale.rounds, calls: scale.calls, slice: 500 })
  if (endpoint.count() !== asked) throw new Error('the issuer was asked again while calls were timed')
  for (const { server } of sides) await server.close()
  endpoint.close()
  const [, shortest = 0] = scale.watermarks
  return sides.map(({ name, bytes }) => formatRow(name, bytes, listed(shortest), measurement))
}

function createWithEverything(signer: Signer, endpoint: string): ResourceServer {
  return createServer(trust([signer]), {
    dpop: { mode: 'allowed', nonce: { secret: 'thirty-two bytes for this run alone.' } },
    clientCertificateHeader: { name: 'client-cert', format: 'rfc9440' },
    replayStore: createMemoryReplayStore(),
    statusList: { hosts: ['status.example.com'] },
    introspection: { endpoint, mode: 'opaque', client },
    securityEvents: { revocations: createRevocationList() },
  })
}

const client = { id: 'billing-api', secret: 'a secret of this run alone' }

function createIntrospecting(signer: Signer, endpoint: string): ResourceServer {
  const introspection = { endpoint, mode: 'opaque', client, ttl: 3_600 } as const
  return createServer(trust([signer]), { introspection })
}

function createRevoking(signer: Signer, size: number): Pick<Side, 'server' | 'bytes'> {
  const empty = liveBytes()
  const list = createRevocationList()
  fill(list, size)
  const bytes = Math.max(0, liveBytes() - empty)
  return { server: createServer(trust([signer]), { revocation: list }), bytes }
}

/** Withdraws others than those who call. */
function fill(list: RevocationList, size: number): void {
  const kinds: readonly ((name: string) => RevocationTarget)[] = [
    (subject) => ({ subject }),
    (actor) => ({ actor }),
    (other) => ({ client: other }),
    (session) => ({ session }),
    (transaction) => ({ transaction }),
    (grant) => ({ grant }),
    (tokenId) => ({ tokenId }),
  ]
  for (let i = 0; i < size; i++) {
    const target = kinds[i % kinds.length]?.(`withdrawn-${i}`)
    if (target !== undefined) list.revoke({ ...target, issuer })
  }
}

/** An issuer that calls every token active, and says of what it cannot read itself what is needed. */
async function startIntrospection() {
  let count = 0
  const server = createHttpServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      count++
      const token = new URLSearchParams(body).get('token') ?? ''
      const claims = token.startsWith('opaque') ? describe() : {}
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ active: !token.startsWith('opaque-withdrawn'), ...claims }))
    })
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}/introspect`,
    count: () => count,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function describe(): object {
  const now = Math.floor(Date.now() / 1000)
  const act = { iss: issuer, sub: 'agent:support' }
  const who = { iss: issuer, sub: 'user_8f2c1d', aud: audience, client_id: 'agent-support', act }
  return { ...who, token_type: 'Bearer', iat: now, exp: now + 900, scope }
}

/** Throws unless every call is served; those that must be refused are, so that no row wins by looking at less. */
async function demandService({ name, server, requirement, credentials }: Side): Promise<void> {
  for (const token of credentials) {
    if (!(await isServed(server, token, requirement))) throw new Error(`${name}: a good token is refused`)
  }
  for (const token of ['opaque-withdrawn', `${credentials[0]?.slice(0, -4)}AAAA`]) {
    if (name !== opaqueAsked && (await isServed(server, token, requirement))) throw new Error(`${name}: takes ${token}`)
  }
  if (name === opaqueAsked && (await isServed(server, 'opaque-withdrawn', requirement))) {
    throw new Error(`${name}: takes a withdrawn token`)
  }
}

async function isServed(server: ResourceServer, token: string, requirement: Requirement): Promise<boolean> {
  return (await server.authorize(createRequest(`Bearer ${token}`), requirement)).allowed
}

function toContender({ name, server, requirement, credentials }: Side): Contender {
  const headers = createWire(credentials.map((credential) => `Bearer ${credential}`))
  const guard = server.protect(requirement)
  return {
    name,
    asynchronous: true,
    call(index) {
      const request = createRequest(headers(index))
      return guard(request, request)
    },
  }
}

function formatRow(name: string, bytes: number | undefined, short: string, measurement: Measurement): string[] {
  const own = measurement.get(name) ?? []
  const share = ratio(own, measurement.get(nothing) ?? [])
  const memory = bytes === undefined ? '' : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
  const { median } = statistic(own)
  return [
    'repeated',
    name,
    median.toFixed(2),
    formatRatio(share),
    memory,
    ...verdict(targetsOf(name, short, measurement)),
  ]
}

/** A feature that is not used costs nothing; a list that is not empty costs the same however long it is. */
function targetsOf(name: string, short: string, measurement: Measurement): readonly Target[] {
  const own = measurement.get(name) ?? []
  if (name === unused) return [atMost(ratio(own, measurement.get(nothing) ?? []).median, 1.05)]
  if (name === listed(0)) return [atMost(ratio(own, measurement.get(nothing) ?? []).median, 1.05)]
  if (!name.startsWith('revocation list') || name === short) return []
  return [atMost(ratio(own, measurement.get(short) ?? []).median, 1.2, `≤ 1.20 × ${short}`)]
}
