import { readText } from '@behalf/core/node'
import type { Context as KoaContext } from 'koa'
import { ProblemError } from '../admin/problem.js'

/** Characters of a request, at most. */
const maxSize = 1_048_576

/** Events of a request, at most. */
const maxEvents = 1_000

/** Media types of JSON Lines. */
const lines = ['application/x-ndjson', 'application/jsonl']

/**
 * Reads the events of a request: JSON Lines, or a JSON list.
 *
 * @throws ProblemError
 */
export async function readBatch(ctx: KoaContext): Promise<readonly unknown[]> {
  const tooLarge = () => new ProblemError('body_too_large', `At most ${maxSize} characters and ${maxEvents} events.`)
  if (!['', 'identity'].includes(ctx.get('Content-Encoding'))) throw wrongMedia()
  if (ctx.request.length !== undefined && ctx.request.length > maxSize * 4) throw tooLarge()
  const text = await readText(ctx.req, maxSize)
  if (text.length > maxSize) throw tooLarge()
  const events = parse(ctx.request.type, text)
  if (events.length > maxEvents) throw tooLarge()
  return events
}

function parse(type: string, text: string): readonly unknown[] {
  if (lines.includes(type)) {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(parseJson)
  }
  if (type !== 'application/json') throw wrongMedia()
  const value = parseJson(text)
  if (!Array.isArray(value)) throw new ProblemError('body_malformed', 'The body is not a list of events.')
  return value
}

/** What the parser says repeats the text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // biome-ignore lint/style/useErrorCause: the cause quotes the body
    throw new ProblemError('body_malformed', 'The body is not JSON.')
  }
}

function wrongMedia(): ProblemError {
  return new ProblemError('media_type_unsupported', 'Send application/x-ndjson or application/json, not compressed.')
}
