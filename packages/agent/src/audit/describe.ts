import { base64url, decodeJwt } from 'jose'
import { DelegationError } from '../errors.js'
import { type DelegationRequest, scopesOf } from '../request.js'
import type { DelegationToken } from '../token.js'
import type { AgentEvent, Outcome, TokenEvent, ToolFinishedEvent, ToolPart, ToolStartedEvent } from './event.js'
import { cutNames, cutText, readTrace } from './text.js'

/** Who writes, and when. */
export interface Writer {
  readonly clientId: string
  readonly issuer: string
  /** Milliseconds since the epoch: when it happened. */
  readonly time: number
}

/** How a token was had, or why not. */
export interface TokenOutcome {
  readonly isReused: boolean
  readonly token?: DelegationToken
  readonly error?: unknown
  /** Milliseconds. */
  readonly duration: number
}

/** A call of a tool, for its events. */
export interface ToolFacts {
  /** The API that the tool calls. */
  readonly resource: string
  readonly tool: string
  /** The model's call. */
  readonly toolCallId?: string | undefined
  readonly runId?: string | undefined
  readonly transaction?: string | undefined
  readonly traceparent?: string | undefined
}

export async function describeToken(
  writer: Writer,
  request: DelegationRequest,
  { isReused, token, error, duration }: TokenOutcome,
): Promise<TokenEvent> {
  const asked = scopesOf(request)
  return {
    ...place(writer, request),
    type: isReused ? 'token.reused' : 'token.requested',
    ...outcomeOf(error),
    mode: request.subjectToken === undefined ? 'direct' : 'delegated',
    ...(token && { token: await tokenPart(token, writer.issuer), granted: { scope: cutNames(token.scope) } }),
    requested: asked.length === 0 ? {} : { scope: cutNames(asked) },
    ...(request.tool !== undefined && { tool: toolPart(request.tool, request.toolCallId) }),
    duration_ms: duration,
  }
}

export function describeStart(writer: Writer, facts: ToolFacts): ToolStartedEvent {
  return { ...place(writer, facts), type: 'tool.started', ...callPart(facts) }
}

/** @param duration - milliseconds */
export function describeEnd(writer: Writer, facts: ToolFacts, error: unknown, duration: number): ToolFinishedEvent {
  return {
    ...place(writer, facts),
    type: 'tool.finished',
    ...outcomeOf(error),
    ...callPart(facts),
    duration_ms: duration,
  }
}

/** What every event has. */
function place(
  { clientId, time }: Writer,
  { resource, transaction, traceparent }: Pick<ToolFacts, 'resource' | 'transaction' | 'traceparent'>,
): Pick<AgentEvent, 'schema' | 'id' | 'time' | 'client' | 'resource' | 'txn' | 'trace'> {
  const trace = readTrace(traceparent)
  return {
    schema: 'delegation-audit/1',
    id: createId(time),
    time: new Date(time).toISOString(),
    client: { id: cutText(clientId) },
    resource: { aud: cutText(resource) },
    ...(transaction !== undefined && { txn: cutText(transaction) }),
    ...(trace && { trace }),
  }
}

function callPart({ tool, toolCallId, runId }: ToolFacts): Pick<ToolStartedEvent, 'tool' | 'run'> {
  return { tool: toolPart(tool, toolCallId), ...(runId !== undefined && { run: { id: cutText(runId) } }) }
}

function toolPart(name: string, callId: string | undefined): ToolPart {
  return { name: cutText(name), ...(callId !== undefined && { call_id: cutText(callId) }) }
}

/** Codes of errors that are nobody's decision. */
const faults = new Set([
  'aborted',
  'api_unavailable',
  'configuration',
  'interrupted',
  'key_unavailable',
  'server_misbehaves',
  'server_not_accepted',
  'server_unavailable',
  'subject_unavailable',
])

function outcomeOf(error: unknown): Outcome {
  if (error === undefined) return { decision: 'allow', reason: { code: 'allowed' } }
  if (!(error instanceof DelegationError)) return { decision: 'error', reason: { code: 'tool_failed' } }
  const isFault = error.isTransient || faults.has(error.code)
  const code = /^[a-z][a-z0-9_]{0,63}$/u.test(error.code) ? error.code : 'other'
  return { decision: isFault ? 'error' : 'deny', reason: { code } }
}

/** Descriptions of tokens: the same each time one is used. */
const parts = new WeakMap<DelegationToken, Promise<NonNullable<TokenEvent['token']>>>()

function tokenPart(token: DelegationToken, issuer: string): Promise<NonNullable<TokenEvent['token']>> {
  const known = parts.get(token)
  if (known !== undefined) return known
  const part = readPart(token, issuer)
  parts.set(token, part)
  return part
}

async function readPart(
  { accessToken, tokenType, expiresAt }: DelegationToken,
  issuer: string,
): Promise<NonNullable<TokenEvent['token']>> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(accessToken)))
  const { jti, iat, exp } = claimsOf(accessToken)
  return {
    sha256: base64url.encode(digest.subarray(0, 16)),
    iss: cutText(issuer),
    ...(typeof jti === 'string' && { jti: cutText(jti) }),
    ...(typeof iat === 'number' && { iat }),
    exp: typeof exp === 'number' ? exp : Math.floor(expiresAt / 1000),
    ...(tokenType === 'DPoP' && { bound: 'dpop' }),
  }
}

/** What a token that is a JWT says; nothing where it is none. */
function claimsOf(accessToken: string): { readonly jti?: unknown; readonly iat?: unknown; readonly exp?: unknown } {
  try {
    return decodeJwt(accessToken)
  } catch {
    return {}
  }
}

/** A UUIDv7 (RFC 9562 section 5.7). */
function createId(milliseconds: number): string {
  const time = Math.max(0, Math.floor(milliseconds)).toString(16).padStart(12, '0').slice(-12)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`
}
