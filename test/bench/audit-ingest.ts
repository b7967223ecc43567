import { isListening } from '../support/services.js'
import { batchSize, clientCount, createMixedTrail, type MixedTrail } from './audit-ingest-store.js'
import { type Contender, measure } from './measure.js'
import type { Scale } from './scale.js'
import { ratio, type Statistic, statistic } from './statistic.js'
import { formatCount, formatRatio, type Section } from './table.js'
import { atMost, verdict } from './target.js'

/** What is done with a trail over HTTP; `index` picks other values for each call. */
const operations: readonly {
  readonly name: string
  readonly run: (trail: MixedTrail, index: number) => Promise<void>
}[] = [
  { name: `ingest a batch of ${batchSize}`, run: ({ post }, index) => post(index % clientCount) },
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

/** How fast the events of others come in, and are found, as the trail grows. */
export const auditIngestSection: Section<Scale> = {
  id: 'audit-ingest',
  title: 'Events of APIs and agents in the trail',
  async measure({ auditIngest: { events, embedded, rounds, calls, requests } }) {
    const isServer = await isListening(5432)
    const rows = [
      ...(isServer ? await measureAll('PostgreSQL', events, { rounds, calls, requests }) : []),
      ...(await measureAll('embedded', embedded, { rounds, calls, requests })),
    ]
    return {
      columns: ['what', 'where', 'events in the trail', 'ms', 'of the shortest trail', 'target', 'reached'],
      rows,
      notes: [
        `Over HTTP on the loopback interface, server and caller in one process; ${formatCount(rounds)} rounds of ${formatCount(calls)} requests, one after the other, trails in turns of 5. Median (quartiles).`,
        `Trails are mixed: a quarter is the issuer's, half are decisions of APIs, a quarter is of agents; a task has 10 events, every tenth event is a refusal. A search answers 50 events at the most; a window is ten seconds of 100 events each.`,
        `Events a second: ${clientCount} clients side by side, ${formatCount(requests)} requests of ${batchSize} events each, one after the other. Every event is looked over, chained, and kept once by its id, in one transaction a request.`,
        'PostgreSQL on the same machine, on any core; the embedded database is in memory, and in the process of the server.',
      ],
    }
  },
}

interface Effort {
  readonly rounds: number
  readonly calls: number
  readonly requests: number
}

async function measureAll(where: MixedTrail['where'], sizes: readonly number[], effort: Effort): Promise<string[][]> {
  const trails: MixedTrail[] = []
  try {
    for (const size of sizes) trails.push(await createMixedTrail(where, size))
    const contenders = trails.flatMap((trail) => operations.map((operation) => contend(operation, trail)))
    const measurement = await measure(contenders, { ...effort, slice: 5 })
    const rows = operations.flatMap(({ name }) => {
      const shortest = measurement.get(nameOf(name, sizes[0] ?? 0)) ?? []
      return sizes.map((size) => [
        name,
        where,
        ...formatCells(measurement.get(nameOf(name, size)) ?? [], shortest, size),
      ])
    })
    const rates: string[][] = []
    for (const trail of trails) rates.push(await timeIngest(trail, effort.requests))
    return [...rows, ...rates]
  } finally {
    for (const trail of trails) await trail.close()
  }
}

function window(time: number): string {
  return `/audit/events?decision=deny&from=${time}&to=${time + 10}`
}

function contend({ name, run }: (typeof operations)[number], trail: MixedTrail): Contender {
  // the last of a trail have no ten seconds after them
  const index = (call: number): number => (call * 7919) % Math.max(1, trail.size - 100)
  return { name: nameOf(name, trail.size), asynchronous: true, call: (call) => run(trail, index(call)) }
}

function formatCells(own: readonly number[], shortest: readonly number[], size: number): readonly string[] {
  const growth = ratio(own, shortest)
  const target = own === shortest ? ['', ''] : verdict([atMost(growth.median, 2)])
  return [formatCount(size), formatMilliseconds(statistic(own)), formatRatio(growth), ...target]
}

async function timeIngest({ post, size, where }: MixedTrail, requests: number): Promise<string[]> {
  const start = performance.now()
  const one = async (client: number): Promise<void> => {
    for (let count = 0; count < requests; count++) await post(client)
  }
  await Promise.all(Array.from({ length: clientCount }, (_, client) => one(client)))
  const seconds = (performance.now() - start) / 1000
  const rate = `${formatCount((requests * clientCount * batchSize) / seconds)} events a second`
  return ['ingest side by side', where, formatCount(size), '', rate, '', '']
}

function nameOf(name: string, size: number): string {
  return `${name} at ${size}`
}

function formatMilliseconds({ median, low, high }: Statistic): string {
  const [middle, from, to] = [median, low, high].map((microseconds) => (microseconds / 1000).toFixed(2))
  return `${middle} (${from}–${to})`
}
