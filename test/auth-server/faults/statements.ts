import { Buffer } from 'node:buffer'

/** Of a message: its type, and the length of the rest with itself. */
const typeLength = 1
const sizeLength = 4

/**
 * Reads what a client of PostgreSQL sends (protocol 3, no TLS): tells the text of every statement as it is run, of a prepared
 * one too.
 */
export function createStatementReader(): (chunk: Buffer) => readonly string[] {
  const prepared = new Map<string, string>()
  let rest = Buffer.alloc(0)
  let isStarted = false

  /** The text that a message runs. */
  function statementOf(type: string, body: Buffer): readonly string[] {
    const [first = '', second = ''] = body.toString('utf8').split('\0', 2)
    if (type === 'Q') return [first]
    if (type === 'P') prepared.set(first, second)
    if (type === 'B') return [prepared.get(second) ?? '']
    return []
  }

  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const statements: string[] = []
    for (;;) {
      // the first message has no type
      const head = isStarted ? typeLength : 0
      if (rest.length < head + sizeLength) return statements
      const end = head + rest.readUInt32BE(head)
      if (rest.length < end) return statements
      if (isStarted) {
        statements.push(...statementOf(rest.toString('latin1', 0, 1), rest.subarray(head + sizeLength, end)))
      }
      isStarted = true
      rest = rest.subarray(end)
    }
  }
}
