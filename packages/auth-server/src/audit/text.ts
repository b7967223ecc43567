import { Buffer } from 'node:buffer'
import { digestOf } from './digest.js'

/** Printable ASCII that JSON writes as it is: one byte a character. */
const plain = /^[\x20\x21\x23-\x5B\x5D-\x7E]*$/u
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const compact = /[\w-]{8,}\.[\w-]{2,}\.[\w-]*(?:\.[\w-]*){0,2}/gu

/** Characters looked at: what follows is in the digest of the whole alone. */
const maxRead = 8_192

/**
 * Makes a text safe to keep for ever. Invisible characters are written out (`<U+200B>`): a text with one must not look like the
 * text without. What looks like a token (RFC 7515, RFC 7516) becomes `<token>`. One that is too long is cut and ends in an
 * ellipsis and the beginning of its digest, so that two long texts stay two.
 *
 * @param most - bytes that are kept, once it is JSON; the end of a cut text is 26 more
 */
export function cleanText(text: string, most: number): string {
  const isRead = text.length <= maxRead
  const read = isRead ? text : text.slice(0, maxRead)
  const hidden = read.includes('.') ? read.replace(compact, hideToken) : read
  if (isRead && hidden.length <= most && plain.test(hidden)) return hidden
  const kept = keep(hidden, most)
  return isRead && kept.isWhole ? kept.text : `${kept.text}…${digestOf(text).slice(0, 23)}`
}

function keep(text: string, most: number): { readonly text: string; readonly isWhole: boolean } {
  let kept = ''
  let size = 0
  for (const character of text) {
    const shown = invisible.test(character) ? `<U+${hexOf(character)}>` : character
    size += shown === '"' || shown === '\\' ? 2 : Buffer.byteLength(shown)
    if (size > most) return { text: kept, isWhole: false }
    kept += shown
  }
  return { text: kept, isWhole: true }
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
}

/** Three parts or five with dots between are a token when the first is a JSON object; `www.example.com` is none. */
function hideToken(match: string): string {
  const [header = ''] = match.split('.', 1)
  return /^\{\s*"/u.test(Buffer.from(header.slice(0, 64), 'base64url').toString('latin1')) ? '<token>' : match
}
