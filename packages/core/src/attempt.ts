import type { Use } from './binding/replay.js'
import type { Caller, Evidence } from './caller.js'
import type { ResourceRequest } from './request/request.js'

/** One look at a request, shared by all its guards: what is known by now, and who it turns out to be. */
export interface Attempt<C> {
  readonly authorization: string | null
  readonly evidence: Evidence<C>
  caller?: Caller<C> | Promise<Caller<C>>
  /** Set when a guard has used the token up: what the next guard of the same request asks for is done then. */
  use?: Promise<Use>
}

/** The looks that guards took so far, by the framework's own request object. */
export interface Attempts<C> {
  /** What an earlier guard of the same request shared, or a new look: a request with another credential is another one. */
  of(request: ResourceRequest, source: object): Attempt<C>
  /** Lets the later guards of a request go on from here. */
  share(source: unknown, attempt: Attempt<C>): void
}

export function createAttempts<C>(): Attempts<C> {
  const attempts = new WeakMap<object, Attempt<C>>()
  return {
    of({ headers }, source) {
      const authorization = headers.get('authorization')
      const shared = attempts.get(source)
      return shared?.authorization === authorization && shared !== undefined ? shared : { authorization, evidence: {} }
    },

    /** Plain JavaScript may hand over anything; whatever it is, the answer is a decision. */
    share(source, attempt) {
      if ((typeof source === 'object' && source !== null) || typeof source === 'function') attempts.set(source, attempt)
    },
  }
}
