import type { RevocationList, Watermark } from '@behalf/core'
import { pageSize, type WatermarkStore } from './watermark-store.js'
import { formatName, isCovered, parseWatermark, type WatermarkText } from './watermark-text.js'

/** A revocation list in this process that has what Redis has, and Redis what it has. */
export interface LocalCopy {
  /** A moment, by `performance.now()`, at which nothing in Redis was missing here. */
  readonly currentAt: number
  /** Reads what is new; everything where there is no telling what is. */
  read(): Promise<void>
  /** Resolves when Redis has a watermark of this list. If it rejects, `writeBack` tries again. */
  record(watermark: Watermark): Promise<void>
  /** Records what Redis is known to lack; after `suspectLoss`, whatever it lacks. */
  writeBack(): Promise<void>
  /** Redis may have come back without some of what it had. */
  suspectLoss(): void
}

/** @param onSkipped told of an entry in Redis that is no revocation, or of a kind that this version does not know */
export function createLocalCopy(
  store: WatermarkStore,
  list: RevocationList,
  onSkipped: (cause: unknown) => void,
): LocalCopy {
  /** Watermarks by name that Redis lacks, as far as is known. */
  const unrecorded = new Map<string, Watermark>()
  let currentAt = Number.NEGATIVE_INFINITY
  /** Where to read on in the log; undefined while everything is yet to be read. */
  let position: string | undefined
  let isLossSuspected = false
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

  /** @returns whether there was a place to read on from */
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

  /** What changes meanwhile is read from the log afterwards. */
  async function readAll(): Promise<void> {
    isLossSuspected ||= list.size > 0
    const end = await store.open()
    for await (const page of store.pages()) merge(page)
    position = end
  }

  async function findLost(): Promise<void> {
    isLossSuspected = false
    try {
      for (const page of pagesOf(list.entries())) {
        const times = await store.timesOf(page)
        const lost = page.filter((watermark, i) => !isCovered(watermark, times[i]))
        for (const watermark of lost) unrecorded.set(formatName(watermark), watermark)
        await recordLacking()
      }
    } catch (cause) {
      isLossSuspected = true
      throw cause
    }
  }

  async function recordLacking(): Promise<void> {
    for (const page of pagesOf(unrecorded.values())) await recordPage(page)
  }

  async function recordPage(watermarks: readonly Watermark[]): Promise<void> {
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

    async read() {
      if (await readOn()) return
      await readAll()
      if (!(await readOn())) throw new Error('revocations come in faster than they can be read')
    },

    async record(watermark) {
      unrecorded.set(formatName(watermark), watermark)
      await recordPage([watermark])
    },

    async writeBack() {
      if (isLossSuspected) await findLost()
      await recordLacking()
    },

    suspectLoss() {
      isLossSuspected = true
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
