/** One party of a delegation chain, as it comes to stand in `act` (RFC 8693 section 4.1). */
export interface ActorSpec {
  /** `act.sub`: who acts. */
  readonly subject: string
  /** `act.iss`: who names that subject. Default: the issuer of the token. */
  readonly issuer?: string
  /** `act.sub_profile`, such as `ai_agent` (OAuth Actor Profile draft). Default: absent. */
  readonly profile?: string
  /** The prior actor, on whose behalf this one was called. */
  readonly actor?: string | ActorSpec
  /** More members for this `act` object, or others in place of those above; `undefined` removes one. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** The delegation chain of a token: the current actor alone, or a list with the current actor first. */
export type ActorChain = string | ActorSpec | readonly (string | ActorSpec)[]

/** An `act` claim (RFC 8693 section 4.1): the current actor outermost, prior actors inside. */
export interface ActClaim {
  readonly sub: string
  readonly iss: string
  readonly sub_profile?: string
  readonly act?: ActClaim
  readonly [member: string]: unknown
}

function chainOf(actor: string | ActorSpec): ActorSpec[] {
  const chain: ActorSpec[] = []
  for (let current: string | ActorSpec | undefined = actor; current !== undefined; ) {
    const link: ActorSpec = typeof current === 'string' ? { subject: current } : current
    if (typeof link.subject !== 'string' || link.subject === '') throw new TypeError('an actor needs a subject')
    chain.push(link)
    current = link.actor
  }
  return chain
}

/** Turns the chain of a specification, newest first, into the nested `act` claim. */
export function actClaim(actors: ActorChain, tokenIssuer: string): ActClaim {
  const listed = typeof actors === 'string' || 'subject' in actors ? [actors] : actors
  const act = listed.flatMap(chainOf).reduceRight<ActClaim | undefined>(
    (prior, { subject, issuer = tokenIssuer, profile, claims }) => ({
      sub: subject,
      iss: issuer,
      ...(profile === undefined ? {} : { sub_profile: profile }),
      ...(prior === undefined ? {} : { act: prior }),
      ...claims,
    }),
    undefined,
  )
  if (act === undefined) throw new TypeError('a list of actors needs at least one')
  return act
}
