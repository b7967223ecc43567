/** Bytes of a text once it is JSON. */
const maxSize = 128

/** Printable ASCII that JSON writes as it is: one byte a character. */
const plain = /^[\x20\x21\x23-\x5B\x5D-\x7E]*$/
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const encoder = new TextEncoder()

/**
 * Makes a text that came from outside safe to keep in a trail: at most 128 bytes once it is JSON, ended by an ellipsis
 * where it was cut. Control, formatting and line-breaking characters are written out (`<U+200B>`), never left out: a text
 * with one must not look like the text without.
 */
export function cutText(text: string): string {
  if (text.length <= maxSize && plain.test(text)) return text
  let kept = ''
  let size = 0
  for (const character of text) {
    const shown = invisible.test(character) ? `<U+${hexOf(character)}>` : character
    size += shown === '"' || shown === '\\' ? 2 : encoder.encode(shown).length
    if (size > maxSize - 3) return `${kept}…`
    kept += shown
  }
  return kept
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
}

const maxListLength = 320

/** The texts of a list, each cut, as many as fit into about 320 bytes. */
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
