import { DelegationError } from '@behalf/agent'
import type { RunnableConfig } from '@langchain/core/runnables'

/** Member of `configurable` that says for whom a run acts. */
const member = 'behalf'

/** What a transaction is made of. */
const grammar = /^[A-Za-z0-9._~:-]{1,128}$/u

/** What joins the calls of a run to what is known elsewhere. */
export interface OnBehalfOfOptions {
  /**
   * The task (`txn`) of the calls: it must be the same when a run is resumed. Default: the thread, `thread:` and its id, or without
   * one the run. Null: that of the person's token.
   */
  readonly transaction?: string | null
  /** `traceparent` of the request that started the run (W3C Trace Context). Default: a trace whose id is that of the run. */
  readonly traceparent?: string
}

/** For whom a run acts, and what it belongs to. */
export interface Run {
  readonly id: string
  readonly subjectToken: string | (() => string | Promise<string>)
  readonly transaction: string | undefined
  readonly traceparent: string | undefined
}

/** Known by identity alone, so that neither a trace nor a checkpoint nor a log can hold what is behind it. */
const runs = new WeakMap<object, Run>()

/**
 * The configuration of a run that acts for a person: `agent.invoke(input, onBehalfOf(token, { configurable: { thread_id } }))`.
 * The token itself is not in it. A resumed run is given it anew.
 *
 * @param subjectToken - the person's token, from their sign-in; a function is asked for each call of an API
 * @param config - anything else the run is configured with; a `runId` is given where it has none
 * @throws DelegationError `subject_missing` for no token, `configuration` for a transaction no server takes
 */
export function onBehalfOf<C extends RunnableConfig = RunnableConfig>(
  subjectToken: string | (() => string | Promise<string>),
  config?: C,
  { transaction, traceparent }: OnBehalfOfOptions = {},
): C & { readonly runId: string; readonly configurable: Readonly<Record<string, unknown>> } {
  if (typeof subjectToken !== 'function' && (typeof subjectToken !== 'string' || subjectToken === '')) {
    throw new DelegationError('subject_missing', 'A run on behalf of a person needs their token.')
  }
  if (typeof transaction === 'string' && !grammar.test(transaction)) {
    throw new DelegationError('configuration', 'transaction must be 1 to 128 of A-Z a-z 0-9 . _ ~ : -')
  }
  const given = config ?? ({} as C) // which asks for nothing
  const id = given.runId ?? crypto.randomUUID()
  const mark = Object.freeze({})
  runs.set(mark, {
    id,
    subjectToken,
    transaction: transaction === undefined ? taskOf(given, id) : (transaction ?? undefined),
    traceparent,
  })
  return { ...given, runId: id, configurable: { ...given.configurable, [member]: mark } }
}

/** The run a tool is called in; undefined where nobody said for whom it acts. */
export function runOf({ configurable }: RunnableConfig): Run | undefined {
  const mark: unknown = configurable?.[member]
  return typeof mark === 'object' && mark !== null ? runs.get(mark) : undefined
}

/** The thread, so that a run that is resumed goes on with its task. */
function taskOf({ configurable }: RunnableConfig, id: string): string {
  const thread: unknown = configurable?.thread_id
  const named = `thread:${typeof thread === 'string' ? thread : ''}`
  return thread !== undefined && grammar.test(named) ? named : `run:${id}`
}
