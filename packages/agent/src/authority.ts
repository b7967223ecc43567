import * as oauth from 'oauth4webapi'
import { DelegationError } from './errors.js'
import { failureOf } from './failure.js'
import type { ClientKey } from './key-source.js'
import type { Settings } from './options.js'
import { isLoopback, plainHttp } from './plain-http.js'
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

/** Reaches the auth server on first use, and again after it could not be reached. */
export function createAuthority(settings: Settings): Authority {
  const { serverUrl, clientId, fetch, timeout, retries, now } = settings
  const client: oauth.Client = { client_id: clientId }
  const server = createOnce(discover)
  const key = createOnce(() => readKey(settings))
  const proofs = createOnce(async () =>
    settings.dpop ? oauth.DPoP(client, await oauth.generateKeyPair('ES256')) : undefined,
  )

  function transport(signal?: AbortSignal): Transport {
    const limit = AbortSignal.timeout(timeout)
    return {
      [oauth.customFetch]: (url, init) => fetch(url, init),
      [plainHttp]: isLoopback(serverUrl),
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    }
  }

  async function discover(): Promise<oauth.AuthorizationServer> {
    const response = await oauth.discoveryRequest(serverUrl, { ...transport(), algorithm: 'oauth2' })
    return oauth.processDiscoveryResponse(serverUrl, response)
  }

  async function attempt(request: DelegationRequest): Promise<DelegationToken> {
    const [as, clientKey, DPoP] = await Promise.all([server.get(), key.get(), proofs.get()])
    const ask = async (): Promise<oauth.TokenEndpointResponse> => {
      const response = await oauth.genericTokenEndpointRequest(
        as,
        client,
        authenticate(clientKey, as),
        request.subjectToken === undefined ? directGrant : exchangeGrant,
        parametersOf(request),
        { ...transport(request.signal), ...(DPoP === undefined ? {} : { DPoP }) },
      )
      return oauth.processGenericTokenEndpointResponse(as, client, response)
    }
    let answer: oauth.TokenEndpointResponse
    try {
      answer = await ask()
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      answer = await ask() // the nonce is known now (RFC 9449 section 8)
    }
    const token = readToken(answer, request, now())
    if ((token.tokenType === 'DPoP') !== (DPoP !== undefined)) throw misbound
    return token
  }

  return {
    proofs: () => proofs.get(),
    issue: (request) =>
      withRetries({ signal: request.signal, retries }, async () => {
        try {
          return await attempt(request)
        } catch (error) {
          const failure = failureOf(error, request.signal)
          if (failure.code === 'invalid_client') key.forget() // it may have been replaced meanwhile
          throw failure
        }
      }),
  }
}

/** A token that is bound where it should not be, or the other way round, is of no use or of too much. */
const misbound = new DelegationError('server_misbehaves', 'The auth server did not bind the token as it was asked to.')

/** @throws DelegationError `key_unavailable` */
async function readKey({ key }: Settings): Promise<ClientKey> {
  try {
    return await key()
  } catch (error) {
    if (error instanceof DelegationError) throw error
    // biome-ignore lint/style/useErrorCause: the cause could quote the key
    throw new DelegationError('key_unavailable', 'The key source failed.')
  }
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

function readToken(answer: oauth.TokenEndpointResponse, request: DelegationRequest, now: number): DelegationToken {
  return sealToken(answer.access_token, {
    tokenType: answer.token_type === 'dpop' ? 'DPoP' : 'Bearer',
    resource: request.resource,
    scope: answer.scope?.split(' ') ?? scopesOf(request),
    expiresAt: now + (answer.expires_in ?? 0) * 1_000,
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
