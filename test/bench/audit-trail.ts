import { isListening } from '../support/services.js'
import { createTrails, type FilledTrail } from './audit-trail-store.js'
import { type Contender, type Measurement, measure } from './measure.js'
import type { Scale } from './scale.js'
import { ratio, type Statistic, statistic } from './statistic.js'
import { formatCount, formatRatio, type Section } from './table.js'
import { atMost, verdict } from './target.js'

const pageSize = 50

/** What is done with a trail; `index` picks other values for each call. */
const operations: readonly { readonly name: string; readonly run: (trail: FilledTrail, index: number) => unknown }[] = [
  { name: 'record, a transaction each', run: ({ record }, index) => record(index) },
  { name: 'search one task', run: (filled, index) => search(filled, { transaction: filled.taskOf(index) }) },
  {
    name: 'search a person, newest first',
    run: (filled, index) => search(filled, { subject: filled.subjectOf(index) }),
  },
  {
    name: 'search refusals at an API, newest first',
    run: (filled, index) => search(filled, { resource: filled.resourceOf(index), decision: 'deny' }),
  },
  { name: 'search from a moment on', run: (filled, index) => search(filled, { from: filled.timeOf(index) }, 'oldest') },
]

/** How the cost of the auth server's trail grows with its length. */
export const auditTrailSection: Section<Scale> = {
  id: 'audit-trail',
  title: 'The trail of the auth server',
  async measure({ auditTrail: { events, embedded, rounds, calls } }) {
    const isServer = await isListening(5432)
    const sizes = isServer ? events : embedded
    const trails = await createTrails(isServer ? 'postgres' : 'embedded', sizes)
    try {
      const contenders = trails.flatMap((trail) => operations.map((operation) => contend(operation, trail)))
      const measurement = await measure(contenders, { rounds, calls, slice: 5 })
      const rows = operations.flatMap(({ name }) =>
        sizes.map((size) => formatRow(name, sizes[0] ?? 0, size, measurement)),
      )
      const verified: string[][] = []
      for (const trail of trails) verified.push(await timeVerify(trail))
      return {
        columns: ['what', 'events in the trail', 'ms', 'of the shortest trail', 'target', 'reached'],
        rows: [...rows, ...verified],
        notes: [
          `${isServer ? 'PostgreSQL on the same machine' : 'The embedded database, in memory'}; ${formatCount(rounds)} rounds of ${formatCount(calls)} calls, one after the other, trails in turns of 5. Median (quartiles).`,
          `Record: begin, one event, commit. A search answers ${pageSize} events at the most; a task has 10 events, a person 100, every tenth event is a refusal, there are 10 APIs.`,
          'Verify reads the whole trail once: every digest, every column that is searched, every signature.',
        ],
      }
    } finally {
      for (const trail of trails) await trail.close()
    }
  },
}

type Filter = Parameters<FilledTrail['search']>[0]

async function search(
  { search: find }: FilledTrail,
  filter: Filter,
  order: 'oldest' | 'newest' = 'newest',
): Promise<void> {
  const { events } = await find(filter, { limit: pageSize, order })
  if (events.length === 0) throw new Error(`nothing found by ${JSON.stringify(filter)}`)
}

function contend({ name, run }: (typeof operations)[number], trail: FilledTrail): Contender {
  return { name: contenderOf(name, trail.size), asynchronous: true, call: (index) => run(trail, index * 7919) }
}

function formatRow(name: string, smallest: number, size: number, measurement: Measurement): string[] {
  const own = measurement.get(contenderOf(name, size)) ?? []
  const growth = ratio(own, measurement.get(contenderOf(name, smallest)) ?? [])
  const target = size === smallest ? ['', ''] : ['', ...verdict([atMost(growth.median, 2)])].slice(-2)
  return [name, formatCount(size), formatMilliseconds(statistic(own)), formatRatio(growth), ...target]
}

async function timeVerify({ verify, size }: FilledTrail): Promise<string[]> {
  const start = performance.now()
  const { intact, chains } = await verify()
  const milliseconds = performance.now() - start
  if (!intact) throw new Error('a trail that nobody touched is not intact')
  const read = chains.reduce((sum, { events }) => sum + events, 0)
  const rate = `${formatCount((read / milliseconds) * 1000)} events per second`
  return ['verify', formatCount(size), formatCount(milliseconds), rate, '', '']
}

function contenderOf(name: string, size: number): string {
  return `${name} at ${size}`
}

function formatMilliseconds({ median, low, high }: Statistic): string {
  const [middle, from, to] = [median, low, high].map((microseconds) => (microseconds / 1000).toFixed(2))
  return `${middle} (${from}–${to})`
}
