import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditVerification } from '../../../packages/auth-server/dist/audit/audit-trail.js'
import type { ChainEnd } from '../../../packages/auth-server/dist/audit/chain.js'
import { type StrangeLine, verifyExport } from '../../../packages/auth-server/dist/audit/verify-export.js'
import { createClock, createKeys, createTrail, openMemory, type TestDatabase } from './support.js'

let database: TestDatabase
/** Two chains of ten, by lines. */
const lines: string[] = []
let signed: readonly ChainEnd[]

beforeAll(async () => {
  database = await openMemory()
  const keys = await createKeys()
  const clock = createClock()
  const trails = ['one', 'two'].map((instance) => createTrail({ database, keys, instance, now: clock.now }))
  for (let index = 0; index < 18; index += 1) {
    clock.seconds += 1
    await trails[index % 2]?.record({ type: 'delegation.issued', decision: 'allow', subject: { id: `user_${index}` } })
  }
  for (const trail of trails) await trail.checkpoint()
  for await (const events of (await trails[0]?.readAll({})) ?? [])
    lines.push(...events.map((each) => JSON.stringify(each)))
  signed = await database.query<ChainEnd>('select chain, seq, hash from audit_checkpoints')
})
afterAll(() => database.close())

async function* from(list: readonly string[]): AsyncGenerator<string> {
  yield* list
}

const verify = (list: readonly string[], known = signed) => verifyExport(from(list), known)

/** Faults by the process that wrote the chain. */
function faultsOf(found: AuditVerification | StrangeLine): unknown {
  if ('line' in found) return found
  const faulty = found.chains.filter(({ fault }) => fault !== undefined)
  expect(found.intact).toBe(faulty.length === 0)
  return Object.fromEntries(faulty.map(({ chain, fault }) => [chain.split('/')[0], fault]))
}

const integrityOf = (line: string): string => /"integrity":\{[^}]*\}/.exec(line)?.[0] ?? ''
const isOfOne = (line: string): boolean => integrityOf(line).includes('"chain":"one/')

/** The line of an event of process one. */
const at = (seq: number): number =>
  lines.findIndex((line) => isOfOne(line) && integrityOf(line).includes(`"seq":${seq},`))
const without = (...seqs: readonly number[]) => lines.filter((_, index) => !seqs.map(at).includes(index))
const change = (seq: number, edit: (line: string) => string) =>
  lines.map((line, index) => (index === at(seq) ? edit(line) : line))

it('an export is intact, in whatever order its lines are', async () => {
  expect(lines).toHaveLength(20)
  expect(faultsOf(await verify(lines))).toEqual({})
  expect(faultsOf(await verify(lines.toReversed()))).toEqual({})
  expect(faultsOf(await verify(lines.toSorted((a, b) => a.slice(-40).localeCompare(b.slice(-40)))))).toEqual({})
  expect(await verify(lines)).toMatchObject({ chains: [{ events: 10, checkpoints: 1 }, { events: 10 }] })
})

describe('what was done to it is found', () => {
  it.each<[string, () => readonly string[], unknown]>([
    ['a byte flipped', () => change(4, (line) => line.replace('"user_', '"uses_')), { seq: 4, what: 'altered' }],
    ['a byte of the first', () => change(1, (line) => line.replace('"one"', '"onE"')), { seq: 1, what: 'altered' }],
    ['a byte of the last', () => change(10, (line) => line.replace('allow', 'alloW')), { seq: 10, what: 'altered' }],
    [
      'a byte of a digest',
      () => change(4, (line) => line.replace('"hash":"sha256:', '"hash":"sha256:#')),
      { seq: 4, what: 'altered' },
    ],
    ['a line deleted', () => without(4), { seq: 4, what: 'missing' }],
    ['the first line deleted', () => without(1), { seq: 1, what: 'missing' }],
    ['the tail cut', () => without(8, 9, 10), { seq: 8, what: 'truncated' }],
    ['all of a chain cut', () => lines.filter((line) => !isOfOne(line)), { seq: 1, what: 'truncated' }],
    ['a line twice', () => [...lines, lines[at(4)] ?? ''], { seq: 4, what: 'reordered' }],
    ['the last line twice', () => [...lines, lines[at(10)] ?? ''], { seq: 10, what: 'reordered' }],
    ['the first line twice', () => [...lines, lines[at(1)] ?? ''], { seq: 1, what: 'reordered' }],
    [
      'two events in each other’s place',
      () => {
        const [four, five] = [lines[at(4)] ?? '', lines[at(5)] ?? '']
        const swapped = lines.with(at(4), four.replace(integrityOf(four), integrityOf(five)))
        return swapped.with(at(5), five.replace(integrityOf(five), integrityOf(four)))
      },
      { seq: 4, what: 'altered' },
    ],
  ])('%s', async (_, edit, fault) => {
    expect(faultsOf(await verify(edit()))).toEqual({ one: fault })
  })

  it('a tail cut, only by what the log kept', async () => {
    expect(faultsOf(await verify(without(8, 9, 10), []))).toEqual({})
    expect(faultsOf(await verify(without(8, 9, 10)))).toEqual({ one: { seq: 8, what: 'truncated' } })
  })

  it('a checkpoint of another history', async () => {
    const other = signed.map((end) => ({ ...end, hash: 'sha256:another' }))
    expect(faultsOf(await verify(lines, other))).toMatchObject({ one: { seq: 10, what: 'altered' } })
  })

  it.each(['x', '{', 'null', '1', '{}', '{"integrity":{"chain":"a","seq":"1","prev":null,"hash":"b"}}'])(
    'a line that is none: %s',
    async (line) => {
      expect(await verify([...lines.slice(0, 2), line, ...lines.slice(2)])).toEqual({ line: 3 })
    },
  )

  it('a line that was cut', async () => {
    expect(await verify([...lines.slice(0, -1), lines.at(-1)?.slice(0, 100) ?? ''])).toEqual({ line: 20 })
  })
})
