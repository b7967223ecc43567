import * as oauth from 'oauth4webapi'

/** Where a sign-in ends. */
const callback = 'https://shop.example.com/back'

const shopSecret = 'the secret of shop, which is long enough'

/** An application that people sign in to. */
export const shop = {
  id: 'shop',
  name: 'Shop',
  secret: shopSecret,
  metadata: {
    token_endpoint_auth_method: 'client_secret_basic' as const,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [callback],
  },
}

interface Page {
  readonly url: URL
  readonly text: string
}

/** What an application has after a sign-in, for the token endpoint. */
export interface Code {
  readonly code: string
  readonly verifier: string
}

/** A person signs in with a browser's cookies and forms, and allows what the application asks for. */
export async function signIn(issuer: string, username: string, password: string, scope: string): Promise<Code> {
  const cookies = new Map<string, string>()

  async function send(url: URL, form?: URLSearchParams): Promise<Page> {
    if (url.origin !== issuer) return { url, text: '' }
    const headers = {
      Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(form === undefined ? {} : { Origin: url.origin }),
    }
    const method = form === undefined ? 'GET' : 'POST'
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers,
      ...(form === undefined ? {} : { body: form }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/u.exec(cookie) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const location = response.headers.get('location')
    return location === null ? { url, text: await response.text() } : send(new URL(location, url))
  }

  /** Sends the form of a page with its hidden fields. */
  async function submit({ url, text }: Page, fields: Readonly<Record<string, string>>): Promise<Page> {
    const action = /<form[^>]*action="([^"]+)"/u.exec(text)?.[1] ?? ''
    const hidden = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/gu)]
    const form = new URLSearchParams()
    for (const [, name = '', value = ''] of hidden) form.set(name, value)
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    return send(new URL(action, url), form)
  }

  const verifier = oauth.generateRandomCodeVerifier()
  const url = new URL(`${issuer}/authorize`)
  url.search = new URLSearchParams({
    ...{ response_type: 'code', client_id: shop.id, redirect_uri: callback, scope, prompt: 'consent' },
    ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
  }).toString()
  const consent = await submit(await send(url), { username, password })
  const back = await submit(consent, { decision: 'allow' })
  const code = back.url.searchParams.get('code')
  if (code === null) throw new Error(`no code at ${back.url.pathname}`)
  return { code, verifier }
}

/** Asks the token endpoint as the application. @param at - which process */
export async function askAsShop(
  at: string,
  fields: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, string>> }> {
  const response = await fetch(`${at}/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`${shop.id}:${encodeURIComponent(shopSecret)}`)}` },
    body: new URLSearchParams(fields),
  })
  // every answer of the token endpoint is an object of strings, but for expires_in
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, string>> }
}

export const codeFields = ({ code, verifier }: Code): Readonly<Record<string, string>> => ({
  ...{ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: callback },
})
