import { createHash } from 'node:crypto'
import type { Context } from '../context.js'
import { first, json } from '../database/database.js'
import type { Answer } from './answer.js'
import { ProblemError } from './problem.js'

/** Seconds for which an answer is kept. */
const lifetime = 86_400

/** A request that must not be done twice. */
export interface IdempotentRequest {
  /** Whose key it is. */
  readonly caller: string
  /** Value of `Idempotency-Key`. */
  readonly key: string
  /** All of the request: method, address, body. */
  readonly content: readonly string[]
}

interface AnswerRow {
  readonly request: string
  readonly status: number
  readonly headers: Answer['headers']
  readonly body: string
}

/**
 * Does the work of a request once: repeated with the same key it gets the first answer. The answer is kept, encrypted,
 * in the transaction of the work itself, for a day.
 *
 * @throws ProblemError `key_reused` for another request with the key, `request_in_flight` while the first one is under way
 */
export async function answerOnce(
  { database, secrets, now }: Pick<Context, 'database' | 'secrets' | 'now'>,
  { caller, key, content }: IdempotentRequest,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const request = createHash('sha256').update(JSON.stringify(content)).digest('base64url')
  const got = await database.query<{ free: boolean }>(
    'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as free',
    [JSON.stringify([caller, key])],
  )
  if (first(got)?.free !== true) {
    throw new ProblemError('request_in_flight', 'The first request with this key has not been answered yet.')
  }
  await database.query('delete from idempotent_answers where caller = $1 and created_at <= $2', [
    caller,
    now() - lifetime,
  ])
  const known = first(
    await database.query<AnswerRow>(
      'select request, status, headers, body from idempotent_answers where caller = $1 and key = $2',
      [caller, key],
    ),
  )
  if (known !== undefined) {
    if (known.request !== request) throw new ProblemError('key_reused', 'Take a new key for a new request.')
    return { status: known.status, headers: known.headers, body: await secrets.open(known.body) }
  }
  const answer = await work()
  await database.query(
    `insert into idempotent_answers (caller, key, request, status, headers, body, created_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [caller, key, request, answer.status, json(answer.headers), await secrets.seal(answer.body), Math.floor(now())],
  )
  return answer
}

/** @throws ProblemError `input_invalid` */
export function readIdempotencyKey(header: string): string | undefined {
  if (header === '') return undefined
  if (/^[\x21-\x7e]{1,255}$/u.test(header)) return header
  const detail = 'must be 1 to 255 printable characters without spaces'
  throw new ProblemError('input_invalid', `Idempotency-Key ${detail}`, [{ header: 'Idempotency-Key', detail }])
}
