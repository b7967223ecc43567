import { password } from './scene.js'

/** A browser without a screen: keeps cookies, follows nothing, sends forms as it is told to. */
export interface Visitor {
  get(path: string): Promise<Response>
  /** Sends a form as a browser would from a page of the server, unless headers say otherwise. */
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>
  /** The token in the form of a page. */
  token(path: string): Promise<string>
  /** Loads the sign-in page and sends it. */
  signIn(username: string, with_?: string): Promise<Response>
  /** `Set-Cookie` lines of the answers so far, newest of each name. */
  readonly cookies: ReadonlyMap<string, string>
}

export function createVisitor(issuer: string): Visitor {
  const cookies = new Map<string, string>()

  async function send(path: string, init: RequestInit): Promise<Response> {
    const cookie = [...cookies.values()].map((line) => line.split(';', 1)[0]).join('; ')
    const headers = { ...(cookie === '' ? {} : { cookie }), ...init.headers }
    const response = await fetch(new URL(path, issuer), { redirect: 'manual', ...init, headers })
    for (const line of response.headers.getSetCookie()) cookies.set(line.slice(0, line.indexOf('=')), line)
    return response
  }

  const visitor: Visitor = {
    cookies,
    get: (path) => send(path, { headers: { accept: 'text/html' } }),
    post: (path, fields, headers = { origin: issuer }) =>
      send(path, { method: 'POST', body: new URLSearchParams(fields), headers: { accept: 'text/html', ...headers } }),
    token: async (path) => {
      const text = await (await visitor.get(path)).text()
      return /name="form_token" value="([^"]+)"/u.exec(text)?.[1] ?? ''
    },
    signIn: async (username, with_ = password) => {
      const form_token = await visitor.token('/sign-in')
      return visitor.post('/sign-in', { form_token, username, password: with_, return: '/approvals' })
    },
  }
  return visitor
}
