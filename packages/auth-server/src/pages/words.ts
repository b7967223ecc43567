import { oneLine } from '../grants/grant-request.js'
import type { ConsentMode } from '../policy/document.js'
import { type Html, html } from './html.js'

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** Seconds in words, in the largest unit that divides them: `30 days`, `90 seconds`. */
export function durationInWords(seconds: number): string {
  const [name, size] = units.find(([, each]) => seconds >= each && seconds % each === 0) ?? ['second', 1]
  const count = Math.round(seconds / size)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}

/** How many there are: `1 event`, `1,024 events`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** A moment, in UTC. */
export function moment(seconds: number): Html {
  const text = new Date(seconds * 1000).toISOString()
  return html`<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`
}

/** When someone is asked again. */
export function askedAgain(mode: ConsentMode): string {
  if (mode === 'each_time') return 'You are asked each time it is used.'
  if (mode === 'per_task') return 'You are asked for each task.'
  return ''
}

/** Characters of a value of a record that are shown. */
const longestValue = 200

/** One entry of `authorization_details` (RFC 9396), member by member. */
export function recordInWords(entry: unknown): Html {
  if (typeof entry !== 'object' || entry === null) return html`${oneLine(String(entry))}`
  const members = Object.entries(entry)
  return html`<ul class="plain">${members.map(([name, value]) => html`<li>${shown(name)}: <strong>${shown(value)}</strong></li>`)}</ul>`
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return oneLine(value.map((each: unknown) => shown(each)).join(', '))
  const text = oneLine(typeof value === 'string' ? value : JSON.stringify(value))
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text
}
