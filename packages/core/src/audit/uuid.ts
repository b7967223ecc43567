let formattedTime = Number.NaN
let timeText = ''

/**
 * A UUIDv7 (RFC 9562 section 5.7): 48 bits of time, then the random bits of a version 4 one. The text of the time is
 * kept, because many events share a millisecond.
 *
 * @param milliseconds since the epoch
 */
export function createUuid(milliseconds: number): string {
  const time = Math.max(0, Math.floor(milliseconds))
  if (time !== formattedTime) {
    const hex = time.toString(16).padStart(12, '0').slice(-12)
    timeText = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
    formattedTime = time
  }
  return timeText + crypto.randomUUID().slice(15)
}
