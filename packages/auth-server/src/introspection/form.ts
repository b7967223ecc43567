import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'

/** Bytes: what the protocol engine takes at most. */
export const maxFormSize = 57_344

/** Reads a body to its end. Undefined when it is larger than `maxSize` bytes. */
export async function readForm(request: IncomingMessage, maxSize: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  const parts: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false })
  for await (const part of parts) {
    size += part.length
    if (size > maxSize) return undefined
    chunks.push(part)
  }
  return Buffer.concat(chunks, size)
}

/** Lets what comes after read another body: the request as it is, but for `readable`, `iterator` and its length. */
export function handOn(ctx: Context, body: Buffer): void {
  if (ctx.req.headers['content-length'] !== undefined) ctx.req.headers['content-length'] = String(body.length)
  ctx.req = withMembers(ctx.req, { readable: { value: true }, iterator: { value: () => [body] } })
}

/** What inherits from a value and has some members of its own is still what the value is. */
function withMembers<T extends object>(value: T, members: PropertyDescriptorMap): T {
  return Object.create(value, members) as T
}
