import { AccessError } from '../errors.js'
import { isJsonObject, type JsonObject } from '../jws/compact.js'
import { draftNames } from '../token/names.js'
import { isIdentifier, type RevocationKind } from './revocation.js'

/** An identifier that tokens have too: of a party, of a token, or of something only its issuer knows the kind of. */
export interface Identifier {
  readonly format: 'iss_sub' | 'opaque' | 'jwt_id'
  /** Whose name it is. For an opaque one: the issuer of the event. */
  readonly issuer: string
  readonly id: string
}

/** Whom or what an event is about, as far as tokens can tell. */
export interface EventSubject {
  /** What tokens of it can be found by; undefined for a subject that says no more than who it is. */
  readonly kind: RevocationKind | undefined
  readonly identifiers: readonly Identifier[]
}

const maxAliases = 32

/** Members of a complex subject, the narrowest first. */
const narrow: readonly (readonly [member: string, kind: RevocationKind | undefined])[] = [
  ['session', 'session'],
  [draftNames.eventTransaction, 'transaction'],
  [draftNames.eventGrant, 'grant'],
  ['user', undefined],
]
const wide: readonly (readonly [member: string, kind: RevocationKind | undefined])[] = [
  [draftNames.eventActor, 'actor'],
  ['application', 'client'],
]

/**
 * Reads the subject of an event (RFC 9493, SSF 1.0 section 3). A complex subject means what all its members fit; what is
 * withdrawn is at least that: the narrowest member that tokens have too counts, and `device`, `tenant` and the like do
 * not narrow it. What a named user does not narrow is never widened to a whole client or actor.
 *
 * @param issuer of the event
 * @returns no identifiers for a subject that no token can be found by, such as an e-mail address
 * @throws AccessError `claim_invalid` when a known format lacks a member
 */
export function readEventSubject(value: unknown, issuer: string): EventSubject {
  if (!isJsonObject(value)) throw new AccessError('claim_invalid')
  if (!isComplex(value)) return { kind: undefined, identifiers: readIdentifiers(value, issuer) }
  for (const [member, kind] of value.user === undefined ? [...narrow, ...wide] : narrow) {
    const identifiers = value[member] === undefined ? [] : readIdentifiers(value[member], issuer)
    if (identifiers.length > 0) return { kind, identifiers }
  }
  return { kind: undefined, identifiers: [] }
}

/** Before SSF 1.0 a complex subject had no format. */
function isComplex(value: JsonObject): boolean {
  return value.format === 'complex' || (value.format === undefined && value.subject_type === undefined)
}

function readIdentifiers(value: unknown, issuer: string): readonly Identifier[] {
  if (!isJsonObject(value)) throw new AccessError('claim_invalid')
  if (formatOf(value) !== 'aliases') return readIdentifier(value, issuer)
  const { identifiers } = value
  if (!Array.isArray(identifiers) || identifiers.length === 0 || identifiers.length > maxAliases) {
    throw new AccessError('claim_invalid')
  }
  return identifiers.flatMap((alias: unknown) => {
    if (!isJsonObject(alias)) throw new AccessError('claim_invalid')
    return readIdentifier(alias, issuer)
  })
}

function readIdentifier(value: JsonObject, issuer: string): readonly Identifier[] {
  const format = formatOf(value)
  switch (format) {
    case 'iss_sub':
      return [identifier(format, value.iss, value.sub)]
    case 'jwt_id':
      return [identifier(format, value.iss, value.jti)]
    case 'opaque':
      return [identifier(format, issuer, value.id)]
    default:
      return []
  }
}

/** Before RFC 9493 the member was `subject_type` and its values had hyphens. */
function formatOf({ format, subject_type: type }: JsonObject): unknown {
  return format ?? (typeof type === 'string' ? type.replace('-', '_') : type)
}

function identifier(format: Identifier['format'], issuer: unknown, id: unknown): Identifier {
  if (!isIdentifier(issuer) || !isIdentifier(id)) throw new AccessError('claim_invalid')
  return { format, issuer, id }
}
