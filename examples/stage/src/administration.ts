/** The admin API of the auth server, as somebody of the staff uses it. */
export interface Administration {
  get(path: string): Promise<Answer>
  post(path: string, body?: object): Promise<Answer>
  /** Changes entries of a list that has a version: it is read first, so that no other change is lost. */
  patch(path: string, change: (before: Answer) => object): Promise<Answer>
}

/** A JSON object that was answered. */
export type Answer = Readonly<Record<string, unknown>>

/** @param token - theirs, for the admin API */
export function createAdministration(issuer: string, token: () => Promise<string>): Administration {
  async function send(path: string, init: RequestInit = {}): Promise<{ answer: Answer; tag: string }> {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${await token()}`)
    if (init.body) headers.set('content-type', 'application/json')
    const response = await fetch(`${issuer}/admin${path}`, { ...init, headers, signal: AbortSignal.timeout(10_000) })
    const body: unknown = await response.json()
    const answer = new Map<string, unknown>(typeof body === 'object' && body !== null ? Object.entries(body) : [])
    if (!response.ok) throw new Error(`${path} answered ${response.status} ${String(answer.get('code'))}`)
    return { answer: Object.fromEntries(answer), tag: response.headers.get('etag') ?? '*' }
  }

  return {
    get: async (path) => (await send(path)).answer,
    post: async (path, body) =>
      (await send(path, { method: 'POST', ...(body && { body: JSON.stringify(body) }) })).answer,
    async patch(path, change) {
      const { answer, tag } = await send(path)
      const init = { method: 'PATCH', headers: { 'if-match': tag }, body: JSON.stringify(change(answer)) }
      return (await send(path, init)).answer
    },
  }
}
