import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as oauth from 'oauth4webapi'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'

const program = '/usr/bin/chromium'

/** Whether there is a browser. */
export const hasChromium = existsSync(program)

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  })
}

export const billing = 'https://billing.example.com'
const orders = 'https://orders.example.com'
export const secret = 'a-secret-of-the-support-agent-0123456789'
export const password = 'correct horse battery'
/** What Ada may do. */
export const own = ['billing:read', 'billing:pay', 'billing:close', 'orders:change']

/** An auth server, and an application on another origin that people come from and go back to. */
export interface PagesScene {
  readonly server: RunningAuthServer
  readonly callback: string
  /** Starts an authorization request: where the person goes, and what turns the answer into tokens. */
  begin(request?: Partial<Request>): Promise<Begun>
  /** The support agent exchanges a person's token: the answer of the server, whatever it is. */
  exchange(token: string, scope: string): Promise<Record<string, unknown>>
  /** Seconds by which the server's clock is ahead. */
  readonly clock: { offset: number }
  /** Takes away what people gave and were asked. */
  empty(): Promise<void>
  close(): Promise<void>
}

interface Request {
  readonly client: string
  readonly scope: string
  readonly parameters: Readonly<Record<string, string>>
}

export interface Begun {
  readonly url: string
  /** Exchanges the code of the address that the person came back to. */
  finish(answer: string): Promise<oauth.TokenEndpointResponse>
}

export async function openPagesScene(): Promise<PagesScene> {
  const application = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>back</title><h1>Back</h1>')
  })
  application.listen(0, '127.0.0.1')
  await once(application, 'listening')
  const callback = `http://localhost:${portOf(application)}/callback`
  const clock = { offset: 0 }
  const now = () => Math.floor(Date.now() / 1000) + clock.offset
  const server = await startAuthServer({ now, seed: seed(callback), rateLimits: { login: 1000, approval: 1000 } })
  return {
    server,
    callback,
    clock,
    exchange: (token, scope) => exchange(server.issuer, token, scope),
    empty: async () => {
      await server.context.database.query('truncate consents, approvals, grants')
    },
    begin: (request) =>
      begin(server.issuer, callback, { client: 'support-app', scope: 'openid', parameters: {}, ...request }),
    close: async () => {
      application.closeAllConnections()
      application.close()
      await server.close()
    },
  }
}

function seed(callback: string) {
  const metadata = {
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: [
      'authorization_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'urn:openid:params:grant-type:ciba',
    ],
    redirect_uris: [callback],
  } as const
  return {
    policy: {
      schema: 'behalf-policy/1',
      resources: { [billing]: { name: 'Billing' }, [orders]: { name: 'Orders' } },
      permissions: {
        'billing:read': { resource: billing, words: 'Read your bills', risk: 'low', consent: 'once' },
        'billing:pay': { resource: billing, words: 'Pay a bill', risk: 'high', consent: 'each_time' },
        'billing:close': { resource: billing, words: 'Close a bill', risk: 'high', consent: 'each_time', maxAge: 120 },
        'billing:never': { resource: billing, words: 'Close accounts', risk: 'high', consent: 'once' },
        'orders:change': { resource: orders, words: 'Change <b>orders</b>', risk: 'medium', consent: 'per_task' },
      },
      roles: { support: { permissions: own } },
      rules: [],
    },
    agents: [
      {
        id: 'agent:support',
        name: 'Support agent',
        description: 'Answers questions about bills.',
        owner: 'Customer care',
        roles: ['support'],
      },
    ],
    clients: [
      { id: 'support-app', name: 'Support desk', agent: 'agent:support', metadata, secret },
      {
        id: 'shop',
        name: 'The "Shop" & more',
        metadata: { ...metadata, grant_types: ['authorization_code', 'refresh_token'] },
        secret,
      },
    ],
    accounts: [
      { subject: 'user_a', username: 'ada', name: 'Ada Lovelace', password, permissions: own },
      { subject: 'user_b', username: 'bob', name: 'Bob Babbage', password, permissions: ['billing:read'] },
      { subject: 'user_x', username: 'xena', name: 'Xena Approver', password, permissions: ['admin:approve'] },
    ],
  } as const
}

async function begin(issuer: string, callback: string, { client, scope, parameters }: Request): Promise<Begun> {
  const insecure = { [oauth.allowInsecureRequests]: true }
  const at = new URL(issuer)
  const authority = await oauth.processDiscoveryResponse(
    at,
    await oauth.discoveryRequest(at, { ...insecure, algorithm: 'oauth2' }),
  )
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = new URL(authority.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    ...{ response_type: 'code', client_id: client, redirect_uri: callback, scope, state },
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  }).toString()
  return {
    url: url.href,
    finish: async (answer) => {
      const one = { client_id: client }
      const values = oauth.validateAuthResponse(authority, one, new URL(answer), state)
      const authentication = oauth.ClientSecretBasic(secret)
      const response = await oauth.authorizationCodeGrantRequest(
        authority,
        one,
        authentication,
        values,
        callback,
        verifier,
        insecure,
      )
      return oauth.processAuthorizationCodeResponse(authority, one, response)
    },
  }
}

async function exchange(issuer: string, token: string, scope: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`support-app:${secret}`)}` },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: billing,
      scope,
    }),
  })
  return membersOf(response)
}

/** Members of a JSON answer: an object, as every answer of the server is. */
export async function membersOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>
}

function portOf(server: Server): number {
  // a server that listens on a port has such an address
  return (server.address() as AddressInfo).port
}

/** Signs in on the page that is open. */
export async function signIn(page: Page, username: string, with_ = password): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(with_)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
