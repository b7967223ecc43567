/** Markup that is safe to send: text in it is escaped. */
export interface Html {
  readonly markup: string
}

/** What can stand in a template: text is escaped, markup is not, lists are joined, and what is undefined or false is nothing. */
export type Part = string | number | Html | undefined | false | readonly Part[]

/** Markup from a template. Attributes are always written in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: String.raw({ raw: strings }, ...parts.map(markupOf)) }
}

/** Markup that someone else made safe: the protocol engine's own forms. Never anything with text of a caller in it. */
export function trusted(markup: string): Html {
  return { markup }
}

function markupOf(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return 'markup' in part ? part.markup : part.map(markupOf).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/gu, (character) => entities[character] ?? '')
}
