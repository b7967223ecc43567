import type { Context as KoaContext } from 'koa'
import type { Context } from '../context.js'
import { type Address, type Answer, formatOutcome, formatRefusal, mediaOf } from './answer.js'
import { parseBody, readBody } from './body.js'
import type { Caller } from './caller.js'
import { readPrecondition } from './entity-tag.js'
import { answerOnce, readIdempotencyKey } from './idempotency.js'
import { asProblem, ProblemError } from './problem.js'
import type { Change, RawCall, Route } from './route.js'

/** A call of a caller that the guard let through. */
export interface Incoming {
  readonly ctx: KoaContext
  readonly caller: Caller
  readonly params: Readonly<Record<string, string>>
  readonly address: Address
}

/**
 * Does what a route says, from the request to the finished answer: the change, its event and the answer to a repeated
 * request are kept together or not at all.
 *
 * @throws ProblemError for what is refused before anything was tried; anything else is a fault of ours
 */
export async function perform(context: Context, route: Route, incoming: Incoming): Promise<Answer> {
  const { ctx, caller, address } = incoming
  if (route.answer !== undefined) acceptOnly(ctx, route)
  const text = await readBody(ctx, route)
  const call: RawCall = {
    caller,
    params: incoming.params,
    query: address.query,
    body: parseBody(text, route),
    precondition: readPrecondition(ctx.get('If-Match'), route.ifMatch === 'required'),
  }
  if (route.long === true) return attempt(() => carryOut(context, route, call, address))
  const key = route.method === 'post' ? readIdempotencyKey(ctx.get('Idempotency-Key')) : undefined
  return context.database.transaction(async () => {
    const work = () => settle(context, route, call, address)
    if (key === undefined) return work()
    const content = [route.method, address.path, JSON.stringify(address.query), text]
    return answerOnce(context, { caller: JSON.stringify([caller.clientId, caller.by]), key, content }, work)
  })
}

/** A refusal undoes what was begun, and only that. */
function settle(context: Context, route: Route, call: RawCall, address: Address): Promise<Answer> {
  return attempt(() => context.database.savepoint(() => carryOut(context, route, call, address)))
}

async function carryOut(context: Context, route: Route, call: RawCall, address: Address): Promise<Answer> {
  const outcome = await route.run(call)
  for (const change of outcome.changes ?? []) await recordChange(context, call.caller, change)
  return formatOutcome(route, outcome, address)
}

async function attempt(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    const problem = asProblem(error)
    if (problem === undefined) throw error
    return formatRefusal(problem)
  }
}

async function recordChange({ audit, settings }: Context, caller: Caller, change: Change): Promise<void> {
  const { before, after, ...rest } = change
  await audit.record({
    client: { id: caller.clientId },
    ...(caller.transaction !== null && { txn: caller.transaction }),
    resource: { aud: settings.adminResource },
    ...rest,
    decision: 'allow',
    change: { by: caller.by, before, after },
  })
}

function acceptOnly(ctx: KoaContext, route: Route): void {
  const media = mediaOf(route)
  if (ctx.accepts(media) === false) throw new ProblemError('not_acceptable', `The answer is ${media}.`)
}
