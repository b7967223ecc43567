import { createDelegationClient, type DelegationClient, type DelegationClientOptions } from '@behalf/agent'
import { exportJWK, generateKeyPair, type JWK } from 'jose'

export const serverUrl = 'https://auth.example.com'
export const billing = 'https://billing.example.com'

/** A request for a token, as the server gets it. */
export interface TokenRequest {
  readonly form: URLSearchParams
  readonly headers: Headers
  readonly signal: AbortSignal | undefined
}

export interface Stub {
  readonly client: DelegationClient
  readonly tokenRequests: readonly TokenRequest[]
  readonly apiRequests: readonly Request[]
  readonly discoveries: () => number
  /** Milliseconds; every clock of the client. */
  readonly clock: { now: number }
}

export interface StubOptions {
  /** Default: a token that says what it is for, for 60 seconds. */
  readonly issue?: (request: TokenRequest, count: number) => Promise<Response> | Response
  readonly api?: (request: Request, count: number) => Promise<Response> | Response
  /** Told how each call of the API is made. */
  readonly see?: (init: RequestInit) => void
  readonly discover?: (count: number) => Promise<Response> | Response
  readonly options?: Partial<DelegationClientOptions>
  /** Where tokens are asked for. Default: at the server. */
  readonly tokenEndpoint?: string
}

export const json = (body: object, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  Response.json(body, { status, headers })

/** The text of the token that the stub issues for a request. */
export function tokenText(form: URLSearchParams): string {
  return ['subject_token', 'resource', 'scope', 'tool', 'txn', 'authorization_details']
    .map((name) => form.get(name)?.replaceAll(' ', '+') ?? '-')
    .join('|')
}

export const issued = ({ form }: TokenRequest, members: object = {}): Response =>
  json({
    access_token: tokenText(form),
    token_type: 'Bearer',
    expires_in: 60,
    scope: form.get('scope') ?? '',
    ...members,
  })

export const metadata = (): Response => json({ issuer: serverUrl, token_endpoint: `${serverUrl}/token` })

/** A private JWK, made once. */
export const privateJwk: JWK = await generateKeyPair('ES256', { extractable: true }).then(({ privateKey }) =>
  exportJWK(privateKey),
)

/** A client whose requests never leave the process. */
export function createStub({
  issue = (request) => issued(request),
  api,
  discover = metadata,
  options,
  see,
  tokenEndpoint = `${serverUrl}/token`,
}: StubOptions = {}): Stub {
  const tokenRequests: TokenRequest[] = []
  const apiRequests: Request[] = []
  let discoveries = 0
  const clock = { now: 1_700_000_000_000 }

  const stubbed: typeof fetch = async (input, init = {}) => {
    init.signal?.throwIfAborted()
    const request = new Request(input, init)
    if (request.url.includes('/.well-known/oauth-authorization-server')) {
      discoveries += 1
      return heeding(discover(discoveries), init.signal)
    }
    if (request.url === tokenEndpoint) {
      const form = new URLSearchParams(await request.text())
      const asked = { form, headers: request.headers, signal: init.signal ?? undefined }
      tokenRequests.push(asked)
      return heeding(issue(asked, tokenRequests.length), init.signal)
    }
    apiRequests.push(request)
    see?.(init)
    return heeding(
      api?.(request, apiRequests.length) ?? json({}, 200, { 'x-token': request.headers.get('authorization') ?? '' }),
      init.signal,
    )
  }

  const client = createDelegationClient({
    serverUrl,
    clientId: 'support-app',
    key: keySource,
    dpop: false,
    fetch: stubbed,
    now: () => clock.now,
    ...options,
  })
  return { client, tokenRequests, apiRequests, discoveries: () => discoveries, clock }
}

const { privateKey } = await generateKeyPair('ES256')
const keySource = () => ({ privateKey })

/** As the platform's `fetch` does: a signal ends the wait. */
function heeding(response: Promise<Response> | Response, signal: AbortSignal | null | undefined): Promise<Response> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal?.reason as Error) // what it is, is for whoever aborts to say
    if (signal?.aborted) giveUp()
    signal?.addEventListener('abort', giveUp, { once: true })
    Promise.resolve(response).then(resolve, reject)
  })
}

/** Never answers. */
export const silence = (): Promise<Response> => new Promise(() => undefined)

/** A token as they are, of Ada. */
export const adaToken = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlIG9mIGFkYQ'

/** What a promise was rejected with. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

/** An API that takes no such token. */
export const refusing = (challenge: string, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response('no', { status: 401, headers: { 'www-authenticate': challenge, ...headers } })

/** A body that goes on for as long as somebody reads it. */
export const endless = (): Response => {
  const piece = new Uint8Array(65_536).fill(32)
  return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(piece) }), {
    headers: { 'content-type': 'application/json' },
  })
}
