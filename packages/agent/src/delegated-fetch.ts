import * as oauth from 'oauth4webapi'
import type { Authority } from './authority.js'
import { InteractionRequiredError } from './errors.js'
import type { Settings } from './options.js'
import { isLoopback, plainHttp } from './plain-http.js'
import { type DelegationRequest, requireSubject } from './request.js'
import { aborted } from './retry.js'
import type { DelegationToken } from './token.js'
import type { TokenCache } from './token-cache.js'

/** What a call of an API is made of. */
export interface DelegatedCall extends DelegationRequest {
  /** Default `GET`. */
  readonly method?: string
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  /** Text or bytes: it may have to be sent twice. */
  readonly body?: string | Uint8Array<ArrayBuffer>
}

interface Challenged {
  readonly response: Response
  readonly challenges: readonly oauth.WWWAuthenticateChallenge[]
}

/**
 * Calls an API with a token of its own. A token that is no longer accepted is replaced once (401 `invalid_token`); a refusal
 * (403) is final, for another token would say the same. What the platform's `fetch` rejects with passes through.
 *
 * @throws InteractionRequiredError when the API asks for a fresh or stronger sign-in (RFC 9470)
 */
export async function callWithToken(
  { fetch }: Settings,
  authority: Authority,
  cache: TokenCache,
  url: URL,
  call: DelegatedCall,
): Promise<Response> {
  if (url.protocol !== 'https:' && !isLoopback(url)) throw new TypeError('A token is sent over https alone.')
  const getToken = (): Promise<DelegationToken> => tokenFor(authority, cache, call)

  async function send({ accessToken, tokenType }: DelegationToken): Promise<Challenged> {
    const proofs = tokenType === 'DPoP' ? await authority.proofs() : undefined
    try {
      const response = await oauth.protectedResourceRequest(
        accessToken,
        call.method ?? 'GET',
        url,
        new Headers(call.headers),
        call.body ?? null,
        {
          [oauth.customFetch]: (target, { method, headers }) =>
            fetch(target, {
              method,
              headers,
              body: call.body ?? null,
              redirect: 'manual',
              signal: call.signal ?? null,
            }),
          [plainHttp]: isLoopback(url),
          ...(proofs === undefined ? {} : { DPoP: proofs }),
        },
      )
      return { response, challenges: [] }
    } catch (error) {
      if (!(error instanceof oauth.WWWAuthenticateChallengeError)) throw error
      return { response: error.response, challenges: error.cause }
    }
  }

  const token = await getToken()
  let answer = await send(token)
  if (challengeOf(answer, 'use_dpop_nonce') !== undefined) {
    await answer.response.body?.cancel()
    answer = await send(token) // the nonce came with the answer (RFC 9449 section 9)
  }
  if (challengeOf(answer, 'invalid_token') !== undefined) {
    cache.drop(call, token)
    await answer.response.body?.cancel()
    answer = await send(await getToken())
  }
  const stepUp = challengeOf(answer, 'insufficient_user_authentication')
  if (stepUp !== undefined) {
    await answer.response.body?.cancel()
    throw new InteractionRequiredError('insufficient_user_authentication', 'The API asks for another sign-in.', {
      kind: 'sign_in',
      acrValues: stepUp.parameters.acr_values?.split(' ') ?? [],
      maxAge: stepUp.parameters.max_age === undefined ? null : Number(stepUp.parameters.max_age),
    })
  }
  return answer.response
}

/** The token of a request. A caller that gives up leaves those who wait for the same token alone. */
export function tokenFor(
  authority: Authority,
  cache: TokenCache,
  { signal, ...request }: DelegationRequest,
): Promise<DelegationToken> {
  requireSubject(request)
  const isShared = request.singleUse !== true
  const token = cache.get(request, () => authority.issue(isShared ? request : { ...request, signal }))
  if (signal === undefined) return token
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(aborted(signal))
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    token.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}

/** The challenge of a 401 that names this error. A 403 is final, whatever it says. */
function challengeOf({ response, challenges }: Challenged, error: string): oauth.WWWAuthenticateChallenge | undefined {
  return response.status === 401 ? challenges.find(({ parameters }) => parameters.error === error) : undefined
}
