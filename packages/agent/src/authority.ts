import * as oauth from 'oauth4webapi'
import { readTrace } from './audit/text.js'
import { until } from './bounded.js'
import { readKey } from './client-key.js'
import { discover } from './discovery.js'
import { DelegationError } from './errors.js'
import { failureOf } from './failure.js'
import type { ClientKey } from './key-source.js'
import { createOnce } from './once.js'
import type { Settings } from './options.js'
import { canonical, type DelegationRequest, scopesOf } from './request.js'
import { withRetries } from './retry.js'
import { type DelegationToken, sealToken } from './token.js'
import { limitOf, transport } from './transport.js'

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

  async function attempt(request: DelegationRequest, secrets: string[]): Promise<DelegationToken> {
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
        { ...transport(settings, limit, secrets), headers: headersOf(request), ...(DPoP && { DPoP }) },
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
          const secrets: string[] = []
          try {
            return await attempt(request, secrets)
          } catch (error) {
            throw failureOf(error, request, secrets)
          }
        })
      } catch (error) {
        if (error instanceof DelegationError) forget(error)
        throw error
      }
    },
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
