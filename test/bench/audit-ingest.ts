import { isListening } from '../support/services.js'
import { batchSize, clientCount, createMixedTrail, type MixedTrail } from './audit-ingest-store.js'
import { type Contender, measure, type Schedule } from './measure.js'
import type { Scale } from './scale.js'
import { ratio, type Statistic, statistic } from './statistic.js'
import { formatCount, formatRatio, type Section } from './table.js'
import { atMost, verdict } from './target.js'

interface Operation {
  readonly name: string
  /** `index` picks other values for each call. */
  readonly run: (trail: MixedTrail, index: number) => Promise<unknown>
  /** That are stored by a call. */
  readonly events?: number
}

const queries: readonly Operation[] = [
  { name: 'one task', run: ({ ask, at }, index) => ask(`/audit/tasks/${at(index).task}`) },
  { name: 'one person', run: ({ ask, at }, index) => ask(`/audit/events?subject=${at(index).person}&order=newest`) },
  { name: 'one agent', run: ({ ask, at }, index) => ask(`/audit/events?actor=${at(index).agent}&order=newest`) },
  { name: 'one API', run: ({ ask, at }, index) => ask(`/audit/events?resource=${at(index).api}&order=newest`) },
  { name: 'refusals in a window', run: ({ ask, at }, index) => ask(window(at(index).time)) },
  {
    name: 'what one agent could do then',
    run: ({ ask, at }, index) => ask(`/audit/authority?at=${at(index).time}&agent=${at(index).agent}`),
  },
  { name: 'what 50 agents could do then', run: ({ ask, at }, index) => ask(`/audit/authority?at=${at(index).time}`) },
]

const clients = Array.from({ length: clientCount }, (_, client) => client)

const deliveries: readonly Operation[] = [
  { name: 'a request that stores 100', run: ({ post }, index) => post(index % clientCount), events: batchSize },
  {
    name: '4 clients at once, 100 each',
    run: ({ post }) => Promise.all(clients.map((client) => post(client))),
    events: clientCount * batchSize,
  },
]

/** How fast the events of others come in, and are found, as the trail grows. */
export const auditIngestSection: Section<Scale> = {
  id: 'audit-ingest',
  title: 'Events of APIs and agents in the trail',
  async measure({ auditIngest: { events, embedded, rounds, calls } }) {
    const isServer = await isListening(5432)
    const schedule = { rounds, calls, slice: 5 }
    const rows = [
      ...(isServer ? await measureAll('PostgreSQL', events, schedule) : []),
      ...(await measureAll('embedded', embedded, schedule)),
    ]
    const grown = (rounds + 1) * calls * (clientCount + 1) * batchSize
    return {
      columns: [
        'what',
        'where',
        'events in the trail',
        'ms',
        'of the shortest trail',
        'events a second',
        'target',
        'reached',
      ],
      rows,
      notes: [
        `Over HTTP on the loopback interface, server and caller in one process; ${formatCount(rounds)} rounds of ${formatCount(calls)} calls, one after the other, trails in turns of 5. Median (quartiles). First everything that is asked, then what is stored, by which each trail grows by ${formatCount(grown)} events.`,
        'Trails are mixed: a quarter is of the issuer, half are decisions of APIs, a quarter is of agents; a task has 10 events, every tenth event is a refusal. A search answers 50 events at the most; a window is ten seconds of 100 events each.',
        'Stored: every event is looked over, chained, and kept once by its id, in one transaction a request.',
        'PostgreSQL on the same machine, on any core; the embedded database is in memory, and in the process of the server.',
      ],
    }
  },
}

async function measureAll(
  where: MixedTrail['where'],
  sizes: readonly number[],
  schedule: Schedule,
): Promise<string[][]> {
  const trails: MixedTrail[] = []
  try {
    for (const size of sizes) trails.push(await createMixedTrail(where, size))
    const rows: string[][] = []
    for (const operations of [queries, deliveries]) {
      const contenders = trails.flatMap((trail) => operations.map((operation) => contend(operation, trail)))
      const measurement = await measure(contenders, schedule)
      for (const operation of operations) {
        const shortest = measurement.get(nameOf(operation.name, sizes[0] ?? 0)) ?? []
        for (const size of sizes) {
          const own = measurement.get(nameOf(operation.name, size)) ?? []
          rows.push([operation.name, where, formatCount(size), ...formatCells(own, shortest, operation.events)])
        }
      }
    }
    return rows
  } finally {
    for (const trail of trails) await trail.close()
  }
}

function window(time: number): string {
  return `/audit/events?decision=deny&from=${time}&to=${time + 10}`
}

function contend({ name, run }: Operation, trail: MixedTrail): Contender {
  // the last of a trail have no ten seconds after them
  const index = (call: number): number => (call * 7919) % Math.max(1, trail.size - 100)
  return { name: nameOf(name, trail.size), asynchronous: true, call: (call) => run(trail, index(call)) }
}

function formatCells(
  own: readonly number[],
  shortest: readonly number[],
  events: number | undefined,
): readonly string[] {
  const time = statistic(own)
  const growth = ratio(own, shortest)
  const rate = events === undefined ? '' : formatCount((events * 1_000_000) / time.median)
  const target = own === shortest ? ['', ''] : verdict([atMost(growth.median, 2)])
  return [formatMilliseconds(time), formatRatio(growth), rate, ...target]
}

function nameOf(name: string, size: number): string {
  return `${name} at ${size}`
}

function formatMilliseconds({ median, low, high }: Statistic): string {
  const [middle, from, to] = [median, low, high].map((microseconds) => (microseconds / 1000).toFixed(2))
  return `${middle} (${from}–${to})`
}
