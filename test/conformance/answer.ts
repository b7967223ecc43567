import { expect } from 'vitest'
import type { Outcome } from '../support/api.js'
import { headerValue, headerValues, type WireResponse } from '../support/wire.js'
import { type Code, rowOf } from './error-table.js'

type Scheme = 'Bearer' | 'DPoP'

export interface Extras {
  /** `scope` of the challenge and the body. */
  readonly scope?: string
  /** `acr_values` and `max_age` of the challenge and the body. */
  readonly acrValues?: string
  readonly maxAge?: string
  /** The scheme the caller used, whose challenge says what went wrong. Default: Bearer. */
  readonly used?: Scheme
  /** The schemes that are offered. Default: both. */
  readonly schemes?: readonly Scheme[]
  /** Whether the answer hands out a nonce for proofs. */
  readonly nonce?: boolean
  /** `resource_metadata` of the challenge. */
  readonly metadata?: string
  /** The answer to HEAD has no body. */
  readonly head?: boolean
}

/** The whole answer to a refused request, as RFC 6750, 9110 and 9457 and the error table ask for it. */
export function expectRefused({ response, events }: Outcome, code: Code, extras: Extras = {}): void {
  expectRefusal(response, code, extras)
  expect(events).toHaveLength(1)
  const [event] = events
  const { status, error } = rowOf(code)
  expect(event?.decision).toBe(status >= 500 ? 'error' : 'deny')
  expect(event?.reason).toEqual(error === undefined ? { code } : { code, oauth_error: error })
}

/** The same without its audit event. */
export function expectRefusal(response: WireResponse, code: Code, extras: Extras = {}): void {
  const { metadata, head = false, used = 'Bearer', schemes = ['Bearer', 'DPoP'], nonce = false } = extras
  const { status, error, shown = code } = rowOf(code)
  const parameters = parametersOf(extras)
  const seen = head ? undefined : (JSON.parse(response.body.toString()) as Record<string, unknown>)
  expect({ status: response.status, code: seen?.code }).toEqual({ status, code: head ? undefined : shown })
  expect(headerValues(response, 'Cache-Control')).toEqual(['no-store'])
  expect(headerValues(response, 'Content-Type')).toEqual(['application/problem+json'])

  if (status >= 500) {
    expect(headerValue(response, 'WWW-Authenticate')).toBeUndefined()
  } else {
    const blamed = schemes.includes(used) ? used : schemes[0]
    const description: unknown = seen?.error_description ?? expect.any(String)
    const expected = schemes.map((scheme) => ({
      scheme,
      params: [
        ...(scheme === blamed && error !== undefined
          ? [['error', error], ['error_description', description], ...parameters]
          : []),
        ...(scheme === 'DPoP' ? [['algs', proofAlgorithms]] : []),
        ...(metadata === undefined ? [] : [['resource_metadata', metadata]]),
      ],
    }))
    expect(splitChallenges(headerValue(response, 'WWW-Authenticate')).map(parseChallenge)).toEqual(expected)
  }

  const nonces = headerValues(response, 'DPoP-Nonce')
  expect(nonces).toEqual(nonce ? [expect.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]+$/)] : [])
  const retryAfter = headerValue(response, 'Retry-After')
  if (status === 503) expect(retryAfter).toMatch(/^[1-9][0-9]{0,4}$/)
  else expect(retryAfter).toBeUndefined()

  if (head) expect(response.body.length).toBe(0)
  if (seen === undefined) return
  expect(Object.keys(seen)).toEqual([
    'type',
    'title',
    'status',
    'code',
    ...(error === undefined ? [] : ['error']),
    'error_description',
    ...parameters.map(([name]) => name),
  ])
  expect(seen).toMatchObject({ type: `urn:behalf:error:${shown}`, status, code: shown })
  expect(seen.error).toBe(error)
  expect(seen).toMatchObject(Object.fromEntries(parameters))
  expect(seen.title).toMatch(/^[A-Z][A-Za-z ]+$/)
  expect(seen.error_description).toMatch(/^[A-Z][\x20-\x21\x23-\x5b\x5d-\x7e]+\.$/)
}

function parametersOf({ scope, acrValues, maxAge }: Extras): [name: string, value: string][] {
  const all = { scope, acr_values: acrValues, max_age: maxAge }
  return Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
}

/** An allowed request: the handler ran, and one event says so. */
export function expectAllowed({ response, events }: Outcome, expectedEvents = 1): void {
  expect({ status: response.status, body: response.status === 200 ? '' : response.body.toString() }).toEqual({
    status: 200,
    body: '',
  })
  expect(headerValue(response, 'WWW-Authenticate')).toBeUndefined()
  expect(events.map(({ decision, reason }) => ({ decision, reason }))).toEqual(
    Array.from({ length: expectedEvents }, () => ({ decision: 'allow', reason: { code: 'allowed' } })),
  )
}

/** What the handler saw. */
export function seenBy({ response }: Outcome): Record<string, unknown> {
  return JSON.parse(response.body.toString()) as Record<string, unknown>
}

/** What an API offers a client that can bind tokens to a key (RFC 9449 section 7.1). */
const proofAlgorithms = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'

/** One challenge for each scheme (RFC 9110 section 11.6.1). */
export function splitChallenges(header: string | undefined): string[] {
  return (header ?? '').split(/, (?=(?:Bearer|DPoP)(?: |,|$))/)
}

/** Reads one challenge strictly (RFC 9110 section 11.6.1, quoted values only). Throws on anything else. */
export function parseChallenge(header: string | undefined): {
  scheme: string
  params: [name: string, value: string][]
} {
  const [, scheme, rest] = /^([A-Za-z]+)(?: (.+))?$/.exec(header ?? '') ?? []
  if (scheme === undefined) throw new Error(`not a challenge: ${header}`)
  const params: [string, string][] = []
  for (let text = rest ?? ''; text !== ''; ) {
    const match = /^([a-z_]+)="([\x20-\x21\x23-\x5b\x5d-\x7e]*)"(?:, (?=.)|$)/.exec(text)
    if (match === null) throw new Error(`not a challenge: ${header}`)
    params.push([match[1] ?? '', match[2] ?? ''])
    text = text.slice(match[0].length)
  }
  if (new Set(params.map(([name]) => name)).size !== params.length) throw new Error(`a parameter twice: ${header}`)
  return { scheme, params }
}
