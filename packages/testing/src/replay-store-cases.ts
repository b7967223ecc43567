import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

/** A replay store as `@behalf/core` takes it. */
export interface ReplayStoreLike {
  reserve(key: string, expiresAt: number): Promise<boolean>
}

/** What {@link replayStoreCases} takes besides the store. */
export interface ReplayStoreCasesOptions {
  /**
   * Whether stores share what they know, as those of several processes must. Then `createStore` must answer another
   * store for the same data at each call. Default: false.
   */
  readonly shared?: boolean
  /** The store's time, in seconds since the epoch. Default: the system's clock. */
  readonly now?: () => number
  /** Lets time pass for the store, in seconds. Default: waits. */
  readonly wait?: (seconds: number) => Promise<void> | void
}

/** One thing that must hold for every replay store. */
export interface ReplayStoreCase {
  /** A sentence, to be read after the name of the store. */
  readonly name: string
  /** @throws AssertionError (as a rejection) when it does not hold */
  run(): Promise<void>
}

const uses = 50

/**
 * What every replay store must do, as data for any test framework:
 * `for (const { name, run } of replayStoreCases(createStore)) it(name, run)`.
 *
 * Keys are new in every run, so one store may serve them all, and a store that outlives the run is not disturbed. The
 * cases about expiry take two to three seconds each unless `now` and `wait` say otherwise.
 *
 * @param createStore - a store, at least one for each case; whoever creates it closes it
 */
export function replayStoreCases(
  createStore: () => ReplayStoreLike | Promise<ReplayStoreLike>,
  options: ReplayStoreCasesOptions = {},
): readonly ReplayStoreCase[] {
  const now = options.now ?? (() => Date.now() / 1000)
  const wait = options.wait ?? ((seconds: number) => sleep(seconds * 1000))
  const later = (): number => now() + 60

  const cases: ReplayStoreCase[] = [
    {
      name: 'reserves a key once',
      async run() {
        const store = await createStore()
        const key = newKey()
        const expiresAt = later()
        assert.equal(await store.reserve(key, expiresAt), true, 'the first use')
        assert.equal(await store.reserve(key, expiresAt), false, 'the second use')
        assert.equal(await store.reserve(key, expiresAt + 1), false, 'a use that expires later')
        assert.equal(await store.reserve(key, expiresAt - 1), false, 'a use that expires earlier')
      },
    },
    {
      name: 'tells keys apart by every character and by case',
      async run() {
        const store = await createStore()
        const key = newKey()
        for (const other of [key, `${key}a`, `${key}A`, `${key}-`, `${key}_`, key.slice(0, -1), key.toUpperCase()]) {
          assert.equal(await store.reserve(other, later()), true, 'another key')
        }
        assert.equal(await store.reserve(key, later()), false, 'the same key')
      },
    },
    {
      name: `admits one of ${uses} simultaneous uses`,
      async run() {
        const store = await createStore()
        const key = newKey()
        await admitsOne(Array.from({ length: uses }, () => store.reserve(key, later())))
      },
    },
    {
      name: 'admits every one of 1000 simultaneous uses of as many keys',
      async run() {
        const store = await createStore()
        const answers = await Promise.all(Array.from({ length: 1000 }, () => store.reserve(newKey(), later())))
        assert.equal(answers.filter((isFirst) => isFirst === true).length, 1000)
      },
    },
    {
      name: 'remembers a key until it expires, and not for ever',
      async run() {
        const store = await createStore()
        const key = newKey()
        assert.equal(await store.reserve(key, now() + 2.5), true, 'the first use')
        await wait(1)
        assert.equal(await store.reserve(key, later()), false, 'before it expires')
        await wait(2)
        assert.equal(await store.reserve(key, later()), true, 'after it has expired')
        assert.equal(await store.reserve(key, later()), false, 'it is reserved anew')
      },
    },
    {
      name: 'expires when the first use said, whatever later ones say',
      async run() {
        const store = await createStore()
        const [short, long] = [newKey(), newKey()]
        assert.equal(await store.reserve(short, now() + 2), true)
        assert.equal(await store.reserve(long, later()), true)
        assert.equal(await store.reserve(short, later()), false, 'refused')
        assert.equal(await store.reserve(long, now() + 1), false, 'refused')
        await wait(2.5)
        assert.equal(await store.reserve(short, later()), true, 'a refused use must not extend it')
        assert.equal(await store.reserve(long, later()), false, 'a refused use must not shorten it')
      },
    },
    {
      name: 'never admits a use of a key that has expired already, which it could not remember',
      async run() {
        const store = await createStore()
        const admitted = await store.reserve(newKey(), now() - 5).catch(() => 'rejected')
        assert.notEqual(admitted, true)
      },
    },
    {
      name: 'takes a key that expires in a year',
      async run() {
        const store = await createStore()
        const key = newKey()
        assert.equal(await store.reserve(key, now() + 31_536_000), true)
        assert.equal(await store.reserve(key, now() + 31_536_000), false)
      },
    },
  ]
  return options.shared === true ? [...cases, sharedCase(createStore, later)] : cases
}

function sharedCase(
  createStore: () => ReplayStoreLike | Promise<ReplayStoreLike>,
  later: () => number,
): ReplayStoreCase {
  return {
    name: `admits one of ${uses} simultaneous uses across two stores`,
    async run() {
      const stores = [await createStore(), await createStore()]
      assert.notEqual(stores[0], stores[1], 'createStore must answer another store at each call')
      const key = newKey()
      const answers = Array.from({ length: uses / 2 }, () => stores.map((store) => store.reserve(key, later())))
      await admitsOne(answers.flat())
    },
  }
}

async function admitsOne(answers: readonly Promise<boolean>[]): Promise<void> {
  const settled = await Promise.all(answers)
  assert.equal(settled.filter((isFirst) => isFirst === true).length, 1, 'one is the first')
  assert.equal(settled.filter((isFirst) => isFirst === false).length, settled.length - 1, 'every other one is not')
}

/** As long as the keys that core makes. */
function newKey(): string {
  return `test:${randomUUID()}abcdef`
}
