import { Buffer } from 'node:buffer'
import type { Context as Call } from 'koa'
import type { Context } from '../context.js'
import { maxFormSize, readForm } from '../introspection/form.js'
import { paths } from '../provider/paths.js'

/** Where clients prove themselves. */
const endpoints: readonly string[] = [paths.token, paths.pushed, paths.ciba, paths.introspection, paths.revocation]

/**
 * Has the secret of a client compared before the transaction of its request begins: nobody waits for a slow hash. What is read
 * here decides nothing; the engine reads it again, and finds the answer ready.
 */
export async function compareAhead({ clients }: Pick<Context, 'clients'>, ctx: Call): Promise<void> {
  if (ctx.method !== 'POST' || !endpoints.includes(ctx.path.toLowerCase())) return
  const { id, secret } = readHeader(ctx.get('Authorization')) ?? (await readBody(ctx))
  if (id !== null && secret !== null) await clients.compareAhead(id, secret)
}

interface Sent {
  readonly id: string | null
  readonly secret: string | null
}

/** RFC 6749 section 2.3.1. */
function readHeader(authorization: string): Sent | undefined {
  const encoded = /^basic ([A-Za-z0-9+/=]+)$/iu.exec(authorization)?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const at = text.indexOf(':')
  const [id, secret] = [text.slice(0, at), text.slice(at + 1)].map(decode)
  return { id: id ?? null, secret: secret ?? null }
}

function decode(text: string): string | null {
  return new URLSearchParams(`value=${text.replaceAll('&', '%26')}`).get('value')
}

async function readBody(ctx: Call): Promise<Sent> {
  const form = new URLSearchParams((await readForm(ctx.req, maxFormSize))?.toString('utf8'))
  return { id: form.get('client_id'), secret: form.get('client_secret') }
}
