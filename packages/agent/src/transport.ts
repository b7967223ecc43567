import * as oauth from 'oauth4webapi'
import { readWhole, until } from './bounded.js'
import type { Settings } from './options.js'
import { isLoopback, plainHttp } from './plain-http.js'

/** Bytes of an answer of the server, at most. */
const mostBytes = 262_144

/** How requests to the server are sent: within their time limit, following no redirect. */
export interface Transport {
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

/** A time limit, and whoever else may end it. */
export function limitOf(timeout: number, signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(timeout)
  return signal === undefined ? limit : AbortSignal.any([limit, signal])
}

/** @param secrets - learns what is sent that nobody else may see */
export function transport({ serverUrl, fetch }: Settings, signal: AbortSignal, secrets: string[] = []): Transport {
  return {
    [oauth.customFetch]: async (url, init) => {
      secrets.push(...secretsOf(init))
      return readWhole(await until(signal, fetch(url, init)), mostBytes, signal)
    },
    [plainHttp]: isLoopback(serverUrl),
    signal,
  }
}

function secretsOf({ headers, body }: Sent): readonly string[] {
  const sent = [body?.get('subject_token'), body?.get('client_assertion'), headers.dpop]
  return sent.filter((secret) => typeof secret === 'string')
}
