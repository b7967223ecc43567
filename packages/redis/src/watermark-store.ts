import type { Watermark } from '@behalf/core'
import { readList, readPairs, readText } from './answer.js'
import type { Commands } from './commands.js'
import { openScript, recordScript } from './watermark-scripts.js'
import { formatName, type WatermarkText } from './watermark-text.js'

/** What has been recorded after some position in the log. */
export interface News {
  readonly watermarks: readonly WatermarkText[]
  /** Where to go on. */
  readonly position: string
  /** Whether there was no more. */
  readonly isAll: boolean
}

/** The watermarks in Redis: each by its name, and a log of the last changes. */
export interface WatermarkStore {
  /** Where each change is told of. */
  readonly channel: string
  /** Resolves when Redis has at least what is given. */
  record(watermarks: readonly Watermark[]): Promise<void>
  /** Where the log ends now. */
  open(): Promise<string>
  /** Every watermark there is from the first call to the last. One that changes meanwhile may come as it was before. */
  pages(): AsyncGenerator<readonly WatermarkText[]>
  /** Goes on from a position in the log; undefined when the log has not got it, or no longer. */
  readAfter(position: string): Promise<News | undefined>
  /** What there is of the same names, in the same order. */
  timesOf(watermarks: readonly Watermark[]): Promise<readonly (string | undefined)[]>
}

/** Watermarks that one command writes, or reads of all, at most: so few that neither Redis nor this process is held up. */
export const pageSize = 500
/** Changes that one command reads at most. */
const newsSize = 2_000
/** Changes that the log keeps. Whoever missed more reads everything. */
const logSize = 100_000
/** Seconds that a watermark is kept beyond its end, lest the clock of Redis be ahead. */
const grace = 3_600
/** Seconds that a log is kept while there are no watermarks. */
const emptyLogLife = 86_400

export function createWatermarkStore({ send }: Commands, prefix: string): WatermarkStore {
  // The braces put all of it on one node of a cluster.
  const marks = `{${prefix}}marks`
  const ends = `{${prefix}}ends`
  const log = `{${prefix}}log`
  const channel = `{${prefix}}changes`

  async function* pages(): AsyncGenerator<readonly WatermarkText[]> {
    let cursor = '0'
    do {
      const [next, page] = readList(await send('HSCAN', marks, cursor, 'COUNT', String(pageSize)))
      yield readPairs(page).map(([name, times]) => ({ name, times }))
      cursor = readText(next)
    } while (cursor !== '0')
  }

  return {
    channel,
    pages,

    async record(watermarks) {
      const settings = [channel, String(grace), String(logSize)]
      const texts = watermarks.flatMap((each) => [formatName(each), `${each.issuedAt}`, `${each.expiresAt}`])
      readText(await send('EVAL', recordScript, '3', marks, ends, log, ...settings, ...texts))
    },

    async open() {
      return readText(await send('EVAL', openScript, '1', log, String(emptyLogLife)))
    },

    async readAfter(position) {
      const entries = readList(await send('XRANGE', log, position, '+', 'COUNT', String(newsSize + 1))).map(readEntry)
      const [first, ...others] = entries
      if (first?.id !== position) return undefined
      const watermarks = others.flatMap(({ watermark }) => watermark ?? [])
      return { watermarks, position: (others.at(-1) ?? first).id, isAll: others.length < newsSize }
    },

    async timesOf(watermarks) {
      const times = readList(await send('HMGET', marks, ...watermarks.map(formatName)))
      return times.map((each) => (each === null ? undefined : readText(each)))
    },
  }
}

/** An entry of the log. The first one of all has no watermark. */
function readEntry(entry: unknown): { readonly id: string; readonly watermark: WatermarkText | undefined } {
  const [id, fields] = readList(entry)
  const { name, times } = Object.fromEntries<string | undefined>(readPairs(fields))
  const watermark = name === undefined || times === undefined ? undefined : { name, times }
  return { id: readText(id), watermark }
}
