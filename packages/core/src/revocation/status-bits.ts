/** The statuses of many tokens, unpacked: so many bits each, the first one in the lowest bits of the first byte. */
export interface StatusBits {
  readonly size: StatusSize
  readonly bytes: Uint8Array
}

/** Bits of one status. */
export type StatusSize = 1 | 2 | 4 | 8

export function isStatusSize(value: unknown): value is StatusSize {
  return value === 1 || value === 2 || value === 4 || value === 8
}

/** The status at a place; undefined past the end of the list. */
export function readStatus({ size, bytes }: StatusBits, index: number): number | undefined {
  const byte = bytes[Math.floor((index * size) / 8)]
  return byte === undefined ? undefined : (byte >> ((index * size) % 8)) & ((1 << size) - 1)
}

/** One piece of input inflates to at most about a thousand times its size: a piece bounds what a runtime makes of it. */
const pieceSize = 1024

/**
 * Inflates ZLIB data (RFC 1950) piece by piece and stops at the first byte too many.
 *
 * @throws Error when the data is larger than `maxSize` bytes, damaged, cut off or followed by anything
 */
export async function inflate(data: Uint8Array<ArrayBuffer>, maxSize: number): Promise<Uint8Array> {
  const inflated = await inflateStart(data, maxSize)
  // Not every runtime refuses what comes after the end. Without its last byte, data that ends there is cut off.
  const isWholeWithoutLastByte = await inflateStart(data.subarray(0, -1), maxSize).then(
    () => true,
    () => false,
  )
  if (isWholeWithoutLastByte) throw new Error('something follows the list')
  return inflated
}

/** Some runtimes throw where anything follows the end of the data, others pass over it. */
async function inflateStart(data: Uint8Array<ArrayBuffer>, maxSize: number): Promise<Uint8Array> {
  const inflated: ReadableStream<Uint8Array> = inPieces(data).pipeThrough(new DecompressionStream('deflate'))
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of inflated) {
    size += chunk.byteLength
    if (size > maxSize) throw new Error(`the list is larger than ${maxSize} bytes`) // which also ends the stream
    chunks.push(chunk)
  }
  return join(chunks, size)
}

function inPieces(data: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0
  return new ReadableStream({
    pull(controller) {
      if (offset >= data.length) return controller.close()
      controller.enqueue(data.subarray(offset, offset + pieceSize))
      offset += pieceSize
    },
  })
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}
