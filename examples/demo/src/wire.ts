import { type ApiName, apiNames, type Stage } from '@behalf/example-stage'

/** A request that somebody sent, and what came back. */
export interface Sent {
  readonly at: 'auth' | ApiName
  /** `GET /plan`, or the tool that a token is asked for. */
  readonly what: string
  /** Null where nobody answered. */
  readonly status: number | null
  /** `code` of an API that refuses, `error` of the auth server; empty where all went well. */
  readonly code: string
}

/** A request as whoever listens on the wire has it. */
export interface Overheard {
  readonly url: string
  readonly headers: Headers
}

/** The wire between agents, APIs and the auth server: whatever goes over it is told. */
export interface Wire {
  readonly send: typeof fetch
  /** From now on it knows who is where. */
  connect(stage: Pick<Stage, 'authority' | 'apis'>): void
  /** Whom to tell, at every moment one. */
  onSent: (sent: Sent) => void
  /** The last request to an API that carried a token. */
  overheard(at: ApiName): Overheard
}

export function createWire(): Wire {
  const places = new Map<string, Sent['at']>()
  const carried = new Map<Sent['at'], Overheard>()

  const wire: Wire = {
    async send(input, init = {}) {
      const url = new URL(input instanceof Request ? input.url : input)
      const at = places.get(url.origin)
      if (at === undefined || url.pathname.startsWith('/.well-known/')) return fetch(input, init)
      const headers = new Headers(init.headers)
      if (headers.has('authorization')) carried.set(at, { url: url.href, headers })
      const what = at === 'auth' ? toolOf(init.body) : `${(init.method ?? 'GET').padEnd(4)} ${url.pathname}`
      try {
        const response = await fetch(input, init)
        wire.onSent({ at, what, status: response.status, code: await codeOf(response) })
        return response
      } catch (error) {
        wire.onSent({ at, what, status: null, code: 'no answer' })
        throw error
      }
    },
    connect({ authority, apis }) {
      places.set(authority.issuer, 'auth')
      for (const name of apiNames) places.set(new URL(apis[name].url).origin, name)
    },
    onSent() {},
    overheard(at) {
      const found = carried.get(at)
      if (found === undefined) throw new Error(`nobody has called ${at}-api yet`)
      return found
    },
  }
  return wire
}

function toolOf(body: unknown): string {
  const form = body instanceof URLSearchParams ? body : new URLSearchParams(typeof body === 'string' ? body : '')
  return `token for ${form.get('tool') ?? form.get('scope') ?? 'anything'}`
}

async function codeOf(response: Response): Promise<string> {
  if (response.ok) return ''
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null)
  const members = new Map<string, unknown>(typeof body === 'object' && body !== null ? Object.entries(body) : [])
  const code = members.get('code') ?? members.get('error')
  return typeof code === 'string' ? code : ''
}
