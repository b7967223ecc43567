import { maxSecurityEventSize, type ResourceRequest } from '@behalf/core'
import { clientCertificateOf } from '@behalf/core/node'
import type { Context } from 'hono'
import { routePath } from 'hono/route'

/** What a decision needs of a request. The client's certificate is that of the connection, where Hono runs on Node. */
export function requestOf(c: Context): ResourceRequest {
  const { method, url, headers } = c.req.raw
  return {
    method,
    url,
    headers,
    route: routePath(c),
    get clientCertificate() {
      const env: unknown = c.env
      return isOnNode(env) ? clientCertificateOf(env.incoming) : undefined
    },
  }
}

/** What `@hono/node-server` adds to the environment. */
interface NodeBindings {
  readonly incoming: Parameters<typeof clientCertificateOf>[0]
}

function isOnNode(env: unknown): env is NodeBindings {
  return isObject(env) && isObject(env.incoming) && isObject(env.incoming.socket)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** The body of a security event, or so much of it that it is seen to be too long. */
export async function readText({ req }: Context): Promise<string> {
  if (req.raw.bodyUsed) return req.text() // Hono remembers what was read before
  const reader = req.raw.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (reader !== undefined && text.length <= maxSecurityEventSize) {
    const chunk: { readonly done: boolean; readonly value?: unknown } = await reader.read()
    text += decoder.decode(chunk.value instanceof Uint8Array ? chunk.value : undefined, { stream: !chunk.done })
    if (chunk.done) break
  }
  return text
}
