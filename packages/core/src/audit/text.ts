const maxPlainLength = 128
const maxOtherLength = 42

/** Printable ASCII that JSON writes as it is: one byte a character. */
const plain = /^[\x20\x21\x23-\x5B\x5D-\x7E]*$/
const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/**
 * Makes a text that came from outside safe to keep in a trail: at most 128 bytes once it is JSON, without control,
 * formatting and line-breaking characters.
 */
export function cutText(text: string): string {
  if (text.length <= maxPlainLength && plain.test(text)) return text
  const start = text.slice(0, maxPlainLength * 2).replace(controls, '')
  if (plain.test(start)) return start.slice(0, maxPlainLength)
  return [...start.slice(0, maxOtherLength)].filter((character) => !/\p{Cs}/u.test(character)).join('')
}

const maxListLength = 384

/** The texts of a list, each cut, as many as fit into about 384 bytes. */
export function cutList(texts: readonly string[]): readonly string[] {
  const kept: string[] = []
  let size = 0
  for (const text of texts) {
    const cut = cutText(text)
    size += cut.length + 3
    if (size > maxListLength) break
    kept.push(cut)
  }
  return kept
}

let formattedSecond = Number.NaN
let secondText = ''

/**
 * RFC 3339 in UTC with milliseconds. The text up to the second is kept, because thousands of events share it.
 *
 * @param milliseconds since the epoch
 */
export function formatTime(milliseconds: number): string {
  const whole = Math.floor(milliseconds)
  const second = Math.floor(whole / 1000)
  if (second !== formattedSecond) {
    secondText = new Date(second * 1000).toISOString().slice(0, 20)
    formattedSecond = second
  }
  return `${secondText}${String(whole - second * 1000).padStart(3, '0')}Z`
}
