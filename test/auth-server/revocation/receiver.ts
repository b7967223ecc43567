import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { decodeJwt } from 'jose'

/** What an API answers to a security event: a status, or never. */
export type Reply =
  | number
  | 'hang'
  | 'reset'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }

/** An API that takes security events as it is told, and remembers what came. */
export interface Receiver {
  readonly url: string
  /** `jti` of everything that came, in order. */
  readonly came: readonly string[]
  /** `jti` of what was accepted, in order. */
  readonly accepted: readonly string[]
  /** Whole tokens, in order. */
  readonly tokens: readonly string[]
  /** Requests that were answered while another one was under way. */
  readonly overlaps: number
  readonly requests: readonly { readonly path: string; readonly type: string | undefined }[]
  /** What comes next; the last reply stays. */
  reply(...replies: readonly Reply[]): void
  close(): Promise<void>
}

export async function startReceiver(delay = 0): Promise<Receiver> {
  let replies: Reply[] = [202]
  let open = 0
  const seen = {
    came: [] as string[],
    accepted: [] as string[],
    tokens: [] as string[],
    overlaps: 0,
    requests: [] as { path: string; type: string | undefined }[],
  }
  const server = createServer((request, response) => {
    void (async () => {
      open += 1
      if (open > 1) seen.overlaps += 1
      const token = await text(request)
      const jti = decodeJwt(token).jti ?? ''
      seen.tokens.push(token)
      seen.came.push(jti)
      seen.requests.push({ path: request.url ?? '', type: request.headers['content-type'] })
      const [reply = 202, ...later] = replies
      if (later.length > 0) replies = later
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
      open -= 1
      if (reply === 'hang') return
      if (reply === 'reset') return request.socket.destroy()
      const { status, headers = {}, body = '' } = typeof reply === 'number' ? { status: reply } : reply
      if (status === 202) seen.accepted.push(jti)
      response.writeHead(status, headers).end(body)
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // what listens on a port has an AddressInfo
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/events`,
    get came() {
      return seen.came
    },
    get accepted() {
      return seen.accepted
    },
    get tokens() {
      return seen.tokens
    },
    get overlaps() {
      return seen.overlaps
    },
    get requests() {
      return seen.requests
    },
    reply: (...next) => {
      replies = [...next]
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, deadline = 20_000): Promise<void> {
  const end = Date.now() + deadline
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it does not hold in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
