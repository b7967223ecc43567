import type { Revocation, Watermark } from '@behalf/core'

/** A watermark as Redis has it. */
export interface WatermarkText {
  /** Who or what the tokens are of, as JSON: the same for every watermark of that name. */
  readonly name: string
  /** `issuedAt` and `expiresAt`, with a space between them. */
  readonly times: string
}

export function formatName({ issuedAt: _issuedAt, expiresAt: _expiresAt, ...named }: Watermark): string {
  return JSON.stringify(named)
}

/**
 * Reads what another process wrote. What it names is for the revocation list to look over.
 *
 * @throws SyntaxError or TypeError when it is no watermark
 */
export function parseWatermark({ name, times }: WatermarkText): Revocation {
  const read = parseTimes(times)
  if (read === undefined) throw new TypeError('a watermark has two times')
  const named: unknown = JSON.parse(name)
  return { ...(named as Revocation), ...read }
}

/** Whether what Redis has of a name withdraws as much as a watermark does. */
export function isCovered(watermark: Watermark, times: string | undefined): boolean {
  const known = times === undefined ? undefined : parseTimes(times)
  return known !== undefined && known.issuedAt >= watermark.issuedAt && known.expiresAt >= watermark.expiresAt
}

/** Whole seconds, of which a number holds every one. */
const timesPattern = /^(\d{1,16}) (\d{1,16})$/

function parseTimes(times: string): Pick<Watermark, 'issuedAt' | 'expiresAt'> | undefined {
  const [whole, issuedAt, expiresAt] = timesPattern.exec(times) ?? []
  return whole === undefined ? undefined : { issuedAt: Number(issuedAt), expiresAt: Number(expiresAt) }
}
