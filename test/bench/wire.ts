/** Texts as they come from a socket: each reading makes a string of its own, with nothing known about it yet. */
export function createWire(texts: readonly string[]): (index: number) => string {
  const buffers = texts.map((text) => Buffer.from(text, 'latin1'))
  return (index) => buffers[index % buffers.length]?.toString('latin1') ?? ''
}
