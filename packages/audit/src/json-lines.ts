/**
 * Writes events one a line (JSON Lines), each with its line end: what can be appended to a file, or sent as
 * `application/x-ndjson`.
 */
export function toJsonLines(events: Iterable<object>): string {
  let text = ''
  for (const event of events) text += `${JSON.stringify(event)}\n`
  return text
}
