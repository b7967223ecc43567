import type { TrailLine } from './trail-line.js'

/** Where the trail begins. */
export const trailPath = '/trail'

/** Where its verification is. */
export const verificationPath = '/trail/verification'

/** The page of the events that match. */
export function searchAddress(fields: Iterable<readonly [string, string]>): string {
  const query = new URLSearchParams([...fields].map(([name, value]): [string, string] => [name, value])).toString()
  return query === '' ? trailPath : `${trailPath}?${query}`
}

/** The page of a task. A name that would be a step in the address is searched for instead. */
export function taskAddress(task: string, after?: string): string {
  if (task === '.' || task === '..') return searchAddress([['transaction', task]])
  const path = `${trailPath}/tasks/${segment(task)}`
  return after === undefined ? path : `${path}?${new URLSearchParams({ after }).toString()}`
}

/** The page of one event. */
export function eventAddress({ id, sender }: Pick<TrailLine, 'id' | 'sender'>): string {
  const path = `${trailPath}/events/${segment(id)}`
  return sender === undefined ? path : `${path}?${new URLSearchParams({ client: sender }).toString()}`
}

/** A text as one segment of a path, whatever it is: `encodeURIComponent` throws at half a character. */
function segment(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1).replaceAll('+', '%20')
}
