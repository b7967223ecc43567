import * as oauth from 'oauth4webapi'
import { readTrace } from './audit/text.js'
import type { Authority } from './authority.js'
import { until } from './bounded.js'
import { DelegationError, InteractionRequiredError } from './errors.js'
import { signInOf } from './failure.js'
import type { Settings } from './options.js'
import { isLoopback, isSafe, plainHttp } from './plain-http.js'
import { type DelegationRequest, readRequest } from './request.js'
import { demandOwnServer } from './resource-metadata.js'
import type { DelegationToken } from './token.js'
import type { TokenSource } from './token-source.js'

/** What a call of an API is made of. */
export interface DelegatedCall extends DelegationRequest {
  /** Where the API is: the token goes to no other origin. Default: the resource. */
  readonly apiUrl?: string | URL
  /** Default `GET`. */
  readonly method?: string
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  /** Text or bytes: it may have to be sent twice. */
  readonly body?: string | Uint8Array<ArrayBuffer>
}

/** An answer of the API, and the challenges in it. */
interface Answer {
  readonly response: Response
  readonly challenges: readonly oauth.WWWAuthenticateChallenge[]
}

/**
 * Calls an API with a token of its own. A token that is no longer accepted is replaced once (401 `invalid_token`); a refusal
 * (403) is final, for another token would say the same. What the platform's `fetch` rejects with passes through.
 *
 * @throws InteractionRequiredError when the API asks for a fresh or stronger sign-in (RFC 9470)
 * @throws DelegationError `api_unavailable`, `server_not_accepted`
 * @throws TypeError for a URL at another origin, and one that is not https
 */
export async function callWithToken(
  settings: Settings,
  authority: Authority,
  tokens: TokenSource,
  url: string | URL,
  call: DelegatedCall,
): Promise<Response> {
  const target = targetOf(url, call)
  const headers = headersOf(call)
  const traceparent = headers.get('traceparent')
  const request = { ...readRequest(call), ...(traceparent !== null && { traceparent }) }
  const send = async (token: DelegationToken): Promise<Answer> => {
    const proofs = token.tokenType === 'DPoP' ? await authority.proofs() : undefined
    const first = await sendOnce(settings, proofs, target, call, headers, token)
    const isNonceNew = first.response.headers.has('dpop-nonce') && proofs !== undefined
    if (!isNonceNew || challengeOf(first, 'use_dpop_nonce') === undefined) return first
    await drop(first)
    return sendOnce(settings, proofs, target, call, headers, token) // the nonce came with the answer (RFC 9449 section 9)
  }

  let token = await tokens.get(request)
  let answer = await send(token)
  if (challengeOf(answer, 'invalid_token') !== undefined && tokens.drop(request, token)) {
    await drop(answer)
    token = await tokens.get(request)
    answer = await send(token)
  }
  const stepUp = challengeOf(answer, 'insufficient_user_authentication')
  if (stepUp !== undefined) {
    await drop(answer)
    const { acr_values: acrValues, max_age: maxAge } = stepUp.parameters
    const interaction = signInOf(acrValues, maxAge, [token.accessToken])
    throw new InteractionRequiredError(
      'insufficient_user_authentication',
      'The API asks for another sign-in.',
      interaction,
    )
  }
  if (challengeOf(answer, 'invalid_token') !== undefined) await demandOwnServer(settings, target, answer.challenges)
  return answer.response
}

/** @throws TypeError */
function targetOf(url: string | URL, { resource, apiUrl = resource }: DelegatedCall): URL {
  const base = URL.canParse(String(apiUrl)) ? new URL(apiUrl) : undefined
  if (base === undefined || base.origin === 'null') {
    throw new TypeError('apiUrl must say where the API is: the resource is no address.')
  }
  const target = new URL(url, base)
  if (target.origin !== base.origin) throw new TypeError('A token goes to the origin of its API alone.')
  if (!isSafe(target)) throw new TypeError('A token is sent over https alone.')
  return target
}

/** @throws TypeError */
function headersOf({ headers, traceparent }: DelegatedCall): Headers {
  const own = new Headers(headers)
  if (own.has('authorization') || own.has('dpop')) throw new TypeError('Authorization and DPoP are not yours to send.')
  if (traceparent !== undefined && readTrace(traceparent) && !own.has('traceparent'))
    own.set('traceparent', traceparent)
  return own
}

async function sendOnce(
  { fetch, apiTimeout }: Settings,
  proofs: oauth.DPoPHandle | undefined,
  target: URL,
  { method = 'GET', body: given, signal }: DelegatedCall,
  headers: Headers,
  { accessToken }: DelegationToken,
): Promise<Answer> {
  const body = given ?? null
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(tooLate()), apiTimeout)
  const either = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal])
  const init = { method, body, redirect: 'manual', signal: either } as const
  try {
    const response = await oauth.protectedResourceRequest(accessToken, method, target, new Headers(headers), body, {
      [oauth.customFetch]: (at, sent) => until(either, fetch(at, { ...init, headers: sent.headers })),
      [plainHttp]: isLoopback(target),
      ...(proofs && { DPoP: proofs }),
    })
    return { response, challenges: [] }
  } catch (error) {
    if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error
    return { response: error.response, challenges: error.cause }
  } finally {
    clearTimeout(timer)
  }
}

/** It may have been done all the same, so it is not tried again. */
function tooLate(): DelegationError {
  return new DelegationError('api_unavailable', 'The API did not answer in time.', { isTransient: true })
}

/** Nobody reads this answer. */
async function drop({ response }: Answer): Promise<void> {
  await response.body?.cancel().catch(() => {}) // it is broken, then
}

/** The challenge of a 401 that names this error. A 403 is final, whatever it says. */
function challengeOf({ response, challenges }: Answer, error: string): oauth.WWWAuthenticateChallenge | undefined {
  return response.status === 401 ? challenges.find(({ parameters }) => parameters.error === error) : undefined
}
