import { isJsonObject, type JsonObject } from '../jws/compact.js'
import { type Actor, isTrimmed } from '../token/delegation.js'
import { draftNames } from '../token/names.js'
import type { VerifiedToken } from '../token/verified-token.js'
import type { AuthenticToken } from '../token/verifier.js'
import type { AuditParty, DecisionEvent } from './event.js'
import { cutList, cutText } from './text.js'

/** What an event says about a token: the same for every request that presents it. */
export type TokenPart = Pick<
  DecisionEvent,
  | 'subject'
  | 'actor'
  | 'chain'
  | 'chain_depth'
  | 'chain_complete'
  | 'client'
  | 'mode'
  | 'token'
  | 'granted'
  | 'txn'
  | 'tool'
  | 'purpose'
  | 'assurance'
>

/** Longest chain that is written out. */
const maxChain = 4

/** Bytes of the part of an event that a token makes up; a longer one shows the current actor of its chain alone. */
const maxPartSize = 2300

/** Describes a token that holds. Members it has no value for are undefined, which JSON leaves out. */
export function describeToken(token: VerifiedToken, sha256: string): TokenPart {
  const part = describeWhole(token, sha256)
  if (token.delegation.length < 2 || JSON.stringify(part).length <= maxPartSize) return part
  return { ...part, chain: part.chain?.slice(0, 1), chain_complete: false }
}

function describeWhole(token: VerifiedToken, sha256: string): TokenPart {
  const { issuer, delegation, claims, confirmation, tokenId } = token
  const actor = delegation[0]
  const context = claims[draftNames.transactionContext]
  const { tool, purpose } = isJsonObject(context) ? context : noClaims
  return {
    subject: party(token.subject, issuer, claims[draftNames.subjectProfile]),
    actor: actor && party(actor.subject, actor.issuer, actor.profile),
    chain: actor && delegation.slice(0, maxChain).map(linkOf),
    chain_depth: actor && delegation.length,
    chain_complete: actor && delegation.length <= maxChain && !isTrimmed(claims),
    client: { id: cutText(token.clientId) },
    mode: token.mode,
    token: {
      sha256,
      iss: cutText(issuer),
      jti: textOf(tokenId),
      iat: token.issuedAt,
      exp: token.expiresAt,
      bound: confirmation?.method,
      grant_id: textOf(claims[draftNames.grantId]),
    },
    granted: { scope: cutList(token.scopes) },
    txn: textOf(claims.txn),
    tool: typeof tool === 'string' ? { name: cutText(tool) } : undefined,
    purpose: textOf(purpose),
    assurance: assuranceOf(claims),
  }
}

/** Describes a token that is authentic but was refused for what it says: whoever it names, as far as it is legible. */
export function describeRefused({ claims, trust }: AuthenticToken, sha256: string): TokenPart {
  const { issuer } = trust
  const { sub, act, iat, exp, client_id: client } = claims
  const actor = isJsonObject(act) ? act : noClaims
  return {
    subject: typeof sub === 'string' ? party(sub, issuer) : undefined,
    actor:
      typeof actor.sub === 'string'
        ? party(actor.sub, typeof actor.iss === 'string' ? actor.iss : issuer, actor[draftNames.subjectProfile])
        : undefined,
    client: typeof client === 'string' ? { id: cutText(client) } : undefined,
    mode: Object.hasOwn(claims, 'act') ? 'delegated' : 'direct',
    token: {
      sha256,
      iss: cutText(issuer),
      jti: textOf(claims.jti),
      iat: typeof iat === 'number' ? iat : undefined,
      exp: typeof exp === 'number' ? exp : undefined,
    },
    txn: textOf(claims.txn),
  }
}

const noClaims: JsonObject = Object.freeze({})

function assuranceOf({ acr, auth_time: time }: JsonObject): TokenPart['assurance'] {
  if (acr === undefined && time === undefined) return undefined
  return { acr: textOf(acr), auth_time: typeof time === 'number' ? time : undefined }
}

function linkOf({ subject, issuer }: Actor): AuditParty {
  return party(subject, issuer)
}

function party(id: string, iss: string, profile?: unknown): AuditParty {
  return { id: cutText(id), iss: cutText(iss), profile: textOf(profile) }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? cutText(value) : undefined
}
