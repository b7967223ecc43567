import { isListening } from '../../support/services.js'
import { type Child, startChild } from '../http/child.js'
import { choosePins, type Pins } from '../http/pin.js'
import type { Scale } from '../scale.js'
import { ratio, statistic } from '../statistic.js'
import { formatCount, formatRatio, type Section } from '../table.js'
import { atMost, verdict } from '../target.js'
import type { Ready, Setup, TokenRequest } from './contender.js'
import type { Load, LoadResult } from './load.js'

interface Contender extends Setup {
  readonly name: string
  /** What it is compared with, by name. */
  readonly of: string
}

interface Contestant {
  readonly contender: Contender
  readonly child: Child
  readonly ready: Ready
  readonly results: LoadResult[]
  /** Milliseconds of processor time of the server a token. */
  readonly costs: number[]
}

const bare = 'oidc-provider, client credentials, JWT'
const base = 'exchange, PostgreSQL'

/** How many tokens the auth server issues, and what that depends on. */
export const authServerSection: Section<Scale> = {
  id: 'auth-server',
  title: 'Tokens issued by the auth server',
  async measure({ authServer: scale }) {
    const isServer = await isListening(5432)
    const pins = choosePins()
    const load = startChild('../auth-server/load.js', [], pins.load)
    const contestants: Contestant[] = []
    try {
      for (const contender of contendersOf(scale, isServer)) contestants.push(await start(contender, pins))
      for (let round = 0; round <= scale.rounds; round++) {
        for (const contestant of shuffle(contestants)) await run(load, contestant, scale, round > 0)
      }
      return {
        columns: [
          ...['what', 'tokens per second', 'compared with', 'ratio', 'p50, p90, p99 in ms', 'server, ms a token'],
          ...['target', 'reached'],
        ],
        rows: contestants.map((contestant) => formatRow(contestant, contestants)),
        notes: [
          `${scale.rounds} rounds, servers in turns of ${scale.seconds} s, ${scale.connections} connections, HTTP on the loopback interface. ${pins.note} Medians (quartiles) of the ratios of each round.`,
          isServer ? 'PostgreSQL on the same machine, on any core.' : 'Without PostgreSQL: its rows are left out.',
          'Clients prove themselves with a secret, tokens are signed with ES256. oidc-provider alone: its own adapter in memory, one client, no policy, no trail.',
          'Behalf looks up client, agent, person, policy and session, keeps a record of the token and an event in the chained trail, in one transaction: 12 statements an exchange, 10 for client credentials.',
          'Growth: 100 agents ask in turn, people 10; agents and events are put in as rows before.',
        ],
      }
    } finally {
      for (const { child } of contestants) {
        await child.ask('stop')
        await child.stop()
      }
      await load.stop()
    }
  },
}

function contendersOf({ agents, events }: Scale['authServer'], isServer: boolean): readonly Contender[] {
  const behalf = { kind: 'behalf' } as const
  const peer = { kind: 'oidc-provider', what: 'client credentials', of: bare } as const
  const onServer: readonly Contender[] = [
    { ...behalf, what: 'client credentials', name: 'client credentials, PostgreSQL', of: bare },
    { ...behalf, what: 'exchange', name: base, of: bare },
    ...agents.map((count) => ({
      ...{
        ...behalf,
        what: 'exchange' as const,
        agents: count,
        name: `exchange, ${formatCount(count)} agents`,
        of: base,
      },
    })),
    ...events.map((count) => ({
      ...{ ...behalf, what: 'exchange' as const, events: count, of: base },
      name: `exchange, ${formatCount(count)} events in the trail`,
    })),
  ]
  return [
    { ...peer, format: 'opaque', name: 'oidc-provider, client credentials, opaque' },
    { ...peer, format: 'jwt', name: bare },
    { ...behalf, embedded: true, what: 'client credentials', name: 'client credentials, embedded', of: bare },
    { ...behalf, embedded: true, what: 'exchange', name: 'exchange, embedded', of: bare },
    ...(isServer ? onServer : []),
  ]
}

async function start(contender: Contender, pins: Pins): Promise<Contestant> {
  const child = startChild('../auth-server/server.js', [JSON.stringify(contender)], pins.server)
  const ready = (await child.ask('ready')) as Ready // its module says so
  for (const request of ready.requests) await demandToken(contender, ready.port, request)
  return { contender, child, ready, results: [], costs: [] }
}

/** Every request that is measured gets a token. */
async function demandToken({ name }: Contender, port: number, { path, ...request }: TokenRequest): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, request)
  const text = await response.text()
  if (response.status !== 200 || !text.includes('"access_token"')) throw new Error(`${name} answers ${text}`)
}

async function run(
  load: Child,
  { child, ready, results, costs }: Contestant,
  { connections, seconds }: Scale['authServer'],
  isKept: boolean,
): Promise<void> {
  const question: Load = { ...ready, connections, seconds }
  // their modules say so
  const before = (await child.ask('usage')) as number
  const result = (await load.ask(question)) as LoadResult
  const used = ((await child.ask('usage')) as number) - before
  if (!isKept) return
  results.push(result)
  costs.push(used / result.tokens)
}

function formatRow(contestant: Contestant, all: readonly Contestant[]): string[] {
  const { contender, results, costs } = contestant
  const rates = ratesOf(contestant)
  const other = all.find(({ contender: { name } }) => name === contender.of)
  const share = ratio(rates, other === undefined ? [] : ratesOf(other))
  const growth = 1 / share.median
  const [p50, p90, p99] = (['p50', 'p90', 'p99'] as const).map(
    (which) => statistic(results.map((result) => result[which])).median,
  )
  return [
    contender.name,
    formatCount(statistic(rates).median),
    contender.of === contender.name ? '' : contender.of,
    contender.of === contender.name ? '' : formatRatio(share),
    `${p50}, ${p90}, ${p99}`,
    statistic(costs).median.toFixed(2),
    ...(contender.of === base ? verdict([atMost(growth, 1.5, '≤ 1.50 × the time')]) : ['', '']),
  ]
}

function ratesOf({ results }: Contestant): readonly number[] {
  return results.map(({ tokens, milliseconds }) => (tokens * 1000) / milliseconds)
}

/** Any order, so that no server always follows the same one. */
function shuffle<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
