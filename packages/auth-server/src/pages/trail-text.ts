import { type Html, html } from './html.js'

/** What is not seen, turns the text around it, or looks like a plain space and is none. */
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu

/** Marks on one letter, beyond which they cover the lines above. */
const heap = /\p{M}{4,}/gu

/** A text of somebody else, with every character in it to be seen: `<U+202E>`, as the trail writes it. */
export function visible(text: string): string {
  const flat = text.replaceAll(heap, (marks) => Array.from(marks, (mark) => `<U+${hexOf(mark)}>`).join(''))
  return flat.replaceAll(unseen, (character) => `<U+${hexOf(character)}>`)
}

/** A text of somebody else in a page: set apart, so that it does not turn what stands beside it. */
export function said(text: string): Html {
  return html`<bdi>${visible(text)}</bdi>`
}

/** Any JSON as text that can be read, nothing left out: members in their order, what is not seen as an escape (RFC 8259 section 7). */
export function jsonInWords(value: unknown, indent = ''): Html {
  if (typeof value !== 'object' || value === null) return html`${literal(value)}`
  const inner = `${indent}  `
  if (Array.isArray(value) && !value.some((each: unknown) => typeof each === 'object' && each !== null)) {
    return html`[${value.map((each: unknown) => literal(each)).join(', ')}]`
  }
  const isList = Array.isArray(value)
  const members = Object.entries(value).map(([name, member]) =>
    isList
      ? jsonInWords(member, inner)
      : html`<span class="name">${literal(name)}</span>: ${jsonInWords(member, inner)}`,
  )
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  if (members.length === 0) return html`${open}${close}`
  return html`${open}
${members.map((member, index) => html`${inner}${member}${index < members.length - 1 ? ',' : ''}\n`)}${indent}${close}`
}

function literal(value: unknown): string {
  return JSON.stringify(value).replaceAll(heap, inEscapes).replaceAll(unseen, inEscapes)
}

function inEscapes(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index).toString(16).padStart(4, '0'))
  return units.map((unit) => `\\u${unit}`).join('')
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
}
