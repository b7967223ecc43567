import type { RevocationList, Watermark } from '@behalf/core'
import { pageSize, type WatermarkStore } from './watermark-store.js'
import { formatName, isCovered, parseWatermark, type WatermarkText } from './watermark-text.js'

/** A revocation list that has what Redis has, and Redis what it has. */
export interface LocalCopy {
  /** A moment, by `performance.now()`, at which nothing in Redis was missing here. */
  readonly currentAt: number
  /** Reads what is new, or everything where there is no telling what is, and writes what Redis lacks. */
  catchUp(): Promise<void>
  /** Trusts in nothing that was read before: Redis may have lost what it had. */
  startOver(): void
  /** Resolves when Redis has a watermark of this list. If it rejects, that is tried again with each `catchUp`. */
  record(watermark: Watermark): Promise<void>
}

/** @param onSkipped told of an entry in Redis that is no revocation, or of a kind that this version does not know */
export function createLocalCopy(
  store: WatermarkStore,
  list: RevocationList,
  onSkipped: (cause: unknown) => void,
): LocalCopy {
  const unrecorded = new Map<string, Watermark>()
  let currentAt = Number.NEGATIVE_INFINITY
  /** Where to read on in the log; undefined until everything has been read. */
  let position: string | undefined
  let mustReadAll = true
  let mustWriteBack = true
  let hasSkipped = false

  /** Merging takes the later of either time, so the order in which watermarks come does not matter. */
  function merge(watermarks: readonly WatermarkText[]): void {
    for (const each of watermarks) {
      try {
        list.revoke(parseWatermark(each))
      } catch (cause) {
        if (!(cause instanceof TypeError || cause instanceof SyntaxError)) throw cause // the list is full
        if (!hasSkipped) onSkipped(cause)
        hasSkipped = true
      }
    }
  }

  async function readAll(): Promise<void> {
    mustReadAll = false
    mustWriteBack = true
    hasSkipped = false
    position = undefined
    const end = await store.open()
    for await (const page of store.pages()) merge(page)
    position = end
  }

  /** @returns whether that was possible */
  async function readOn(): Promise<boolean> {
    while (position !== undefined) {
      const askedAt = performance.now()
      const news = await store.readAfter(position)
      merge(news?.watermarks ?? [])
      position = news?.position
      if (news?.isAll) {
        currentAt = askedAt
        return true
      }
    }
    return false
  }

  /** Redis may have been restored from an old copy, or emptied. */
  async function writeBack(): Promise<void> {
    for (const page of pagesOf(list.entries())) {
      const times = await store.timesOf(page)
      for (const [i, watermark] of page.entries()) {
        if (!isCovered(watermark, times[i])) unrecorded.set(formatName(watermark), watermark)
      }
      await recordAll()
      if (!(await readOn())) return
    }
    mustWriteBack = false
  }

  async function recordAll(): Promise<void> {
    for (const page of pagesOf(unrecorded.values())) await record(page)
  }

  async function record(watermarks: readonly Watermark[]): Promise<void> {
    await store.record(watermarks)
    for (const watermark of watermarks) {
      const name = formatName(watermark)
      if (unrecorded.get(name) === watermark) unrecorded.delete(name)
    }
  }

  return {
    get currentAt() {
      return currentAt
    },

    async catchUp() {
      if (mustReadAll || !(await readOn())) {
        await readAll()
        if (!(await readOn())) throw new Error('revocations come in faster than they can be read')
      }
      if (mustWriteBack) await writeBack()
      await recordAll()
    },

    startOver() {
      mustReadAll = true
    },

    async record(watermark) {
      unrecorded.set(formatName(watermark), watermark)
      await record([watermark])
    },
  }
}

function* pagesOf(watermarks: Iterable<Watermark>): Generator<readonly Watermark[]> {
  let page: Watermark[] = []
  for (const watermark of watermarks) {
    page.push(watermark)
    if (page.length < pageSize) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
