import { isFetchable } from '../address.js'
import { check, checkMembers, checkNumber, isPlainObject, isText } from '../check.js'
import { AccessError, ConfigurationError } from '../errors.js'
import { isJsonObject, type JsonObject } from '../jws/compact.js'
import { fetchText, type TextRequest } from '../keys/fetch.js'
import type { Claims } from '../token/claims.js'
import type { Principal } from './principal.js'

/** A subject or a resource of the Authorization API (section 5). */
export interface AuthzenEntity {
  readonly type: string
  readonly id: string
  readonly properties?: Readonly<Record<string, unknown>>
}

/** An action of the Authorization API (section 5). */
export interface AuthzenAction {
  readonly name: string
  readonly properties?: Readonly<Record<string, unknown>>
}

/** How a policy decision point is asked. */
export interface AuthzenOptions<C = Claims> {
  /** Base URL of the decision point: https (http on loopback only). `/access/v1/evaluation` is appended. */
  readonly url: string
  /** Milliseconds an evaluation may take, from connecting to the last byte. Default 1000. */
  readonly timeout?: number
  /** Headers of each request, such as `authorization`; a function is asked each time. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
  /** What is done. A text is its name. Default `access`. */
  readonly action?: string | AuthzenAction
  /** What it is done to. Default: this API, `{ type: 'api', id }` with the one audience of the token. */
  readonly resource?: AuthzenEntity | ((principal: Principal<C>) => AuthzenEntity)
  /** More members of the context, or others in place of its own. */
  readonly context?: Readonly<Record<string, unknown>>
}

/** Largest answer that is read, in bytes. */
const maxSize = 65_536

const checkEntity = check(isEntity, 'must have a type and an id, both non-empty strings')

const checkOptions = checkMembers({
  url: check(isBase, 'must be an https URL without query or fragment (http on loopback only)'),
  timeout: checkNumber(1, 60_000, 'milliseconds'),
  headers: check((value) => typeof value === 'function' || toHeaders(value) !== undefined, 'must be headers'),
  action: check((value) => isText(value) || (isJsonObject(value) && isText(value.name)), 'must have a name'),
  resource: (value, path) => {
    if (typeof value !== 'function') checkEntity(value, path)
  },
  context: check(isPlainObject, 'must be a plain object'),
})

/**
 * Makes the `check` of a requirement out of a policy decision point that speaks the OpenID AuthZEN Authorization API 1.0
 * (section 6, Access Evaluation API). The subject is the token's; who acts for it, the client, the scopes and the
 * transaction are the context. Only `"decision": true` allows, `false` is `policy_denied` (403). Anything else is an
 * outage, 503 `policy_unavailable`: no answer in time, another status, a redirect, anything but JSON, no decision. A
 * function of yours that throws, or answers no entity and no headers, is `internal_error` (500). Nothing is remembered:
 * each request is decided anew. `timeout` counts below the `policyTimeout` of the resource server, which holds for every
 * check and ends in `internal_error`.
 *
 * A check knows the principal and not the request. Name the record in a requirement function:
 *
 * @example
 * protect((req) => ({ check: authzen({ url, action: 'read', resource: { type: 'invoice', id: req.params.id } }) }))
 *
 * @throws ConfigurationError
 */
export function authzen<C = Claims>(options: AuthzenOptions<C>): (principal: Principal<C>) => Promise<boolean> {
  checkOptions(options, 'authzen')
  const { url, timeout = 1_000, headers = {}, action = 'access', resource = findApi, context } = options
  if (url === undefined) throw new ConfigurationError('authzen.url', 'is required')
  const endpoint = `${url.replace(/\/$/, '')}/access/v1/evaluation`

  return async (principal) => {
    const sent = toHeaders(typeof headers === 'function' ? headers() : headers)
    if (sent === undefined) throw new Error('the headers for the policy decision point are malformed')
    const evaluation = {
      subject: describeSubject(principal),
      action: typeof action === 'string' ? { name: action } : action,
      resource: typeof resource === 'function' ? resource(principal) : resource,
      context: { ...describeContext(principal), ...context },
    }
    checkEntity(evaluation.resource, 'authzen.resource')
    const send = { headers: { ...sent, 'content-type': 'application/json' }, body: JSON.stringify(evaluation) }
    try {
      return await askDecision(endpoint, timeout, send)
    } catch (cause) {
      throw new AccessError('policy_unavailable', { cause })
    }
  }
}

async function askDecision(endpoint: string, timeout: number, send: TextRequest['send']): Promise<boolean> {
  const limits = { timeout, signal: new AbortController().signal }
  const { text, type } = await fetchText(endpoint, limits, { accept: 'application/json', maxSize, send })
  if (type !== 'application/json') throw new Error('the policy decision point answered no JSON')
  return readDecision(text)
}

/** A client that calls for itself is its own subject (RFC 9068 section 2.2). */
function describeSubject<C>({ subject, issuer, clientId }: Principal<C>): AuthzenEntity {
  return { type: subject === clientId ? 'client' : 'user', id: subject, properties: { issuer } }
}

function describeContext<C>({ mode, actor, clientId, scopes, transaction }: Principal<C>): JsonObject {
  return { mode, actor, client: { id: clientId }, scopes, transaction }
}

function findApi<C>({ claims }: Principal<C>): AuthzenEntity {
  const { aud } = claims as { readonly aud?: unknown }
  const id: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  if (!isText(id)) throw new ConfigurationError('authzen.resource', 'is required: the claims do not name one audience')
  return { type: 'api', id }
}

function readDecision(text: string): boolean {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    answer = undefined // the error quotes the text
  }
  if (!isJsonObject(answer) || typeof answer.decision !== 'boolean') {
    throw new Error('the policy decision point answered no decision')
  }
  return answer.decision
}

function isBase(value: unknown): boolean {
  return isText(value) && isFetchable(value) && !value.includes('?') && !value.includes('#')
}

function isEntity(value: unknown): boolean {
  return isJsonObject(value) && isText(value.type) && isText(value.id)
}

/** Looked over here, because what `fetch` says of a bad header quotes it. */
function toHeaders(value: unknown): Record<string, string> | undefined {
  if (!isPlainObject(value)) return undefined
  try {
    return Object.fromEntries(new Headers(value as Record<string, string>))
  } catch {
    return undefined
  }
}
