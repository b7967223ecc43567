import * as oauth from 'oauth4webapi'
import { readTrace } from './audit/text.js'
import { readWhole, until } from './bounded.js'
import { DelegationError } from './errors.js'
import { failureOf } from './failure.js'
import type { ClientKey } from './key-source.js'
import type { Settings } from './options.js'
import { isLoopback, isSafe, plainHttp } from './plain-http.js'
import { canonical, type DelegationRequest, scopesOf } from './request.js'
import { withRetries } from './retry.js'
import { type DelegationToken, sealToken } from './token.js'

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const directGrant = 'client_credentials'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/** The auth server, as this client sees it. */
export interface Authority {
  /** Asks for a token: one request at the token endpoint, tried again where that may help. */
  issue(request: DelegationRequest): Promise<DelegationToken>
  /** The key pair tokens are bound to; undefined where they are not. */
  proofs(): Promise<oauth.DPoPHandle | undefined>
}

/** Bytes of an answer of the server, at most. */
const mostBytes = 262_144

/** Reaches the auth server on first use, and again after it could not be reached or used. */
export function createAuthority(settings: Settings): Authority {
  const { clientId, timeout, retries, refusalTime, now } = settings
  const client: oauth.Client = { client_id: clientId }
  const server = createOnce(() => discover(settings))
  const key = createOnce(() => readKey(settings))
  const proofs = createOnce(async () =>
    settings.dpop ? oauth.DPoP(client, await oauth.generateKeyPair('ES256')) : undefined,
  )
  let keyRefusedAt = Number.NEGATIVE_INFINITY

  async function attempt(request: DelegationRequest): Promise<DelegationToken> {
    const [clientKey, DPoP] = await Promise.all([key.get(), proofs.get()])
    const limit = limitOf(timeout, request.signal)
    const as = await until(limit, server.get())
    const ask = async (): Promise<DelegationToken> => {
      const askedAt = now()
      const response = await oauth.genericTokenEndpointRequest(
        as,
        client,
        authenticate(clientKey, as),
        request.subjectToken === undefined ? directGrant : exchangeGrant,
        parametersOf(request),
        { ...transport(settings, limit), headers: headersOf(request), ...(DPoP && { DPoP }) },
      )
      return readToken(await oauth.processGenericTokenEndpointResponse(as, client, response), request, askedAt)
    }
    let token: DelegationToken
    try {
      token = await ask()
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      token = await ask() // the nonce is known now (RFC 9449 section 8)
    }
    if ((token.tokenType === 'DPoP') !== (DPoP !== undefined)) throw misbound
    return token
  }

  /** What may have changed meanwhile is looked at anew by the next request. */
  function forget({ code }: DelegationError): void {
    if (code === 'server_unavailable' || code === 'server_misbehaves') server.forget()
    if (code !== 'invalid_client' || now() - keyRefusedAt < refusalTime) return
    keyRefusedAt = now()
    key.forget()
  }

  return {
    proofs: () => proofs.get(),
    issue: async (request) => {
      try {
        return await withRetries({ signal: request.signal, retries }, async () => {
          try {
            return await attempt(request)
          } catch (error) {
            throw failureOf(error, request)
          }
        })
      } catch (error) {
        if (error instanceof DelegationError) forget(error)
        throw error
      }
    },
  }
}

/** Reads the metadata of the server: where RFC 8414 has them, or else where OpenID Connect Discovery has. */
async function discover(settings: Settings): Promise<oauth.AuthorizationServer> {
  const { serverUrl, timeout } = settings
  const sent = transport(settings, limitOf(timeout, undefined))
  let response = await oauth.discoveryRequest(serverUrl, { ...sent, algorithm: 'oauth2' })
  if (response.status === 404) response = await oauth.discoveryRequest(serverUrl, { ...sent, algorithm: 'oidc' })
  const server = await oauth.processDiscoveryResponse(serverUrl, response)
  const { token_endpoint: endpoint = '' } = server
  if (!URL.canParse(endpoint) || !isSafe(new URL(endpoint))) throw astray
  return server
}

/** Proof and token go over https alone, or to a loopback address. */
const astray = new DelegationError('server_misbehaves', 'The auth server names no token endpoint that is https.')

function limitOf(timeout: number, signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(timeout)
  return signal === undefined ? limit : AbortSignal.any([limit, signal])
}

function transport({ serverUrl, fetch }: Settings, signal: AbortSignal): Transport {
  return {
    [oauth.customFetch]: async (url, init) => readWhole(await until(signal, fetch(url, init)), mostBytes, signal),
    [plainHttp]: isLoopback(serverUrl),
    signal,
  }
}

function headersOf({ traceparent }: DelegationRequest): Headers {
  return new Headers(readTrace(traceparent) && { traceparent: traceparent ?? '' })
}

/** A token that is bound where it should not be, or the other way round, is of no use or of too much. */
const misbound = new DelegationError('server_misbehaves', 'The auth server did not bind the token as it was asked to.')

/** A token that no header can carry: what refuses it would quote it. */
const unpresentable = new DelegationError(
  'server_misbehaves',
  'The auth server answered with something that is no token.',
)

/** @throws DelegationError `key_unavailable` */
async function readKey({ key, timeout }: Settings): Promise<ClientKey> {
  let read: ClientKey
  try {
    read = await until(AbortSignal.timeout(timeout), Promise.resolve(key()))
  } catch (error) {
    if (error instanceof DelegationError) throw error
    // biome-ignore lint/style/useErrorCause: the cause could quote the key
    throw new DelegationError('key_unavailable', 'The key source failed.')
  }
  const { privateKey } = read
  if (privateKey instanceof CryptoKey && privateKey.type === 'private' && privateKey.usages.includes('sign'))
    return read
  throw new DelegationError('key_unavailable', 'The key source must answer with a private CryptoKey that may sign.')
}

/** How requests to the server are sent: within their time limit, following no redirect. */
interface Transport {
  readonly [oauth.customFetch]: (url: string, init: Sent) => Promise<Response>
  readonly [plainHttp]: boolean
  readonly signal: AbortSignal
}

interface Sent {
  readonly method: string
  readonly headers: Record<string, string>
  readonly redirect: 'manual'
  readonly body?: URLSearchParams | undefined
  readonly signal?: AbortSignal | undefined
}

function authenticate({ privateKey, keyId }: ClientKey, { issuer }: oauth.AuthorizationServer): oauth.ClientAuth {
  return oauth.PrivateKeyJwt(keyId === undefined ? privateKey : { key: privateKey, kid: keyId }, {
    [oauth.modifyAssertion]: (_header, claims) => {
      claims.aud = issuer // one audience, so that no other server can use the assertion
    },
  })
}

function parametersOf(request: DelegationRequest): URLSearchParams {
  const { resource, subjectToken, tool, details, transaction } = request
  const scope = scopesOf(request)
  return new URLSearchParams({
    resource,
    ...(scope.length > 0 && { scope: scope.join(' ') }),
    ...(subjectToken !== undefined && { subject_token: subjectToken, subject_token_type: accessTokenType }),
    ...(tool !== undefined && { tool }),
    ...(details !== undefined && { authorization_details: canonical(details) }),
    ...(transaction !== undefined && { txn: transaction }),
  })
}

/** @param askedAt - milliseconds since the epoch: its life is counted from there, for it began no earlier */
function readToken(answer: oauth.TokenEndpointResponse, request: DelegationRequest, askedAt: number): DelegationToken {
  if (!/^[\x21-\x7e]+$/u.test(answer.access_token)) throw unpresentable
  return sealToken(answer.access_token, {
    tokenType: answer.token_type === 'dpop' ? 'DPoP' : 'Bearer',
    resource: request.resource,
    scope: answer.scope?.split(' ') ?? scopesOf(request),
    expiresAt: askedAt + (answer.expires_in ?? 0) * 1_000,
  })
}

/** A value made on first use, once for all who wait; a failure is forgotten. */
function createOnce<T>(make: () => Promise<T>): { get(): Promise<T>; forget(): void } {
  let made: Promise<T> | undefined
  function start(): Promise<T> {
    const started = make()
    started.catch(() => {
      if (made === started) made = undefined
    })
    return started
  }
  return {
    get: () => {
      made ??= start()
      return made
    },
    forget: () => {
      made = undefined
    },
  }
}
