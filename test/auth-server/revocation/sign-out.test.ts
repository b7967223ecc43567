import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { billing, createScene, type Scene, seed } from '../introspection/scene.js'

// A person signs in at an application, an agent acts for them, and they sign out: with a browser's cookies and forms.

const callback = 'https://shop.example.com/back'
const secret = 'the secret of shop, which is long enough'
const insecure = { [oauth.allowInsecureRequests]: true }
const shop = { client_id: 'shop' }

let scene: Scene

beforeAll(async () => {
  scene = await createScene({
    seed: {
      ...seed,
      clients: [
        ...(seed.clients ?? []),
        {
          id: 'shop',
          name: 'Shop',
          secret,
          metadata: {
            token_endpoint_auth_method: 'client_secret_basic',
            grant_types: ['authorization_code', 'refresh_token'],
            redirect_uris: [callback],
          },
        },
      ],
    },
  })
})
afterAll(() => scene.server.close())

/** Cookies and forms: what a browser does between two pages. */
function createBrowser() {
  const cookies = new Map<string, string>()

  async function send(url: URL, form?: URLSearchParams): Promise<{ readonly url: URL; readonly page: string }> {
    if (url.origin !== scene.server.issuer) return { url, page: '' }
    const response = await fetch(url, {
      method: form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: {
        Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form === undefined ? {} : { Origin: url.origin }),
      },
      ...(form === undefined ? {} : { body: form }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/u.exec(cookie) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location !== null) return send(new URL(location, url))
    return { url, page: await response.text() }
  }

  /** Sends the form of a page with its hidden fields. */
  const submit = async (
    { url, page }: { readonly url: URL; readonly page: string },
    fields: Readonly<Record<string, string>>,
  ) => {
    const action = /<form[^>]*action="([^"]+)"/u.exec(page)?.[1] ?? ''
    const hidden = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/gu)]
    const form = new URLSearchParams()
    for (const [, name = '', value = ''] of hidden) form.set(name, value)
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    return send(new URL(action, url), form)
  }

  return { open: (url: URL) => send(url), submit }
}

async function signIn() {
  const browser = createBrowser()
  const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()]
  const url = new URL(scene.as.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: 'shop',
    redirect_uri: callback,
    scope: 'openid offline_access billing:read',
    prompt: 'consent',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString()
  const consent = await browser.submit(await browser.open(url), { username: 'alice', password: 'a good password' })
  const back = await browser.submit(consent, { decision: 'allow' })
  const answer = oauth.validateAuthResponse(scene.as, shop, back.url, state)
  const authentication = oauth.ClientSecretBasic(secret)
  const response = await oauth.authorizationCodeGrantRequest(
    scene.as,
    shop,
    authentication,
    answer,
    callback,
    verifier,
    insecure,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(scene.as, shop, response)
  return {
    ...browser,
    token: tokens.access_token,
    refresh: async () => {
      const request = oauth.refreshTokenGrantRequest(
        scene.as,
        shop,
        authentication,
        tokens.refresh_token ?? '',
        insecure,
      )
      return oauth.processRefreshTokenResponse(scene.as, shop, await request)
    },
  }
}

describe('signing out', () => {
  it('ends the token of the sign-in, its refresh token, and what agents got with it', async () => {
    const [person, other] = [await signIn(), await signIn()]
    const [delegated, others] = [await scene.exchange(person.token), await scene.exchange(other.token)]

    const question = await person.open(new URL('/session/end', scene.server.issuer))
    expect(await scene.isInForce(delegated)).toBe(true)
    await person.submit(question, { logout: 'yes' })

    expect(await scene.isInForce(person.token)).toBe(false)
    expect(await scene.isInForce(delegated)).toBe(false)
    expect(await scene.introspect('billing-api', delegated)).toEqual({ active: false })
    await expect(person.refresh()).rejects.toMatchObject({ error: 'invalid_grant' })

    expect(await scene.isInForce(others)).toBe(true)
    expect(await scene.introspect('billing-api', others)).toMatchObject({ active: true, aud: billing })
    expect((await other.refresh()).access_token).not.toBe('')
  })

  it('ends nothing for who stays', async () => {
    const person = await signIn()
    const delegated = await scene.exchange(person.token)
    await person.submit(await person.open(new URL('/session/end', scene.server.issuer)), {})
    expect(await scene.isInForce(delegated)).toBe(true)
  })
})
