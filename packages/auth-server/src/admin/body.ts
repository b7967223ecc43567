import { readText } from '@behalf/core/node'
import type { Context as KoaContext } from 'koa'
import { ProblemError } from './problem.js'
import type { Route } from './route.js'

/** Characters of a body, where a route sets no other limit. */
const defaultMaxBody = 65_536

/**
 * Reads the body of a request.
 *
 * @returns its text; empty where there is none
 * @throws ProblemError `body_too_large`, `media_type_unsupported`
 */
export async function readBody(ctx: KoaContext, { maxBody = defaultMaxBody, media, method }: Route): Promise<string> {
  if (method === 'get') return ''
  const tooLarge = () => new ProblemError('body_too_large', `At most ${maxBody} characters are taken.`)
  if (ctx.request.length !== undefined && ctx.request.length > maxBody * 4) throw tooLarge()
  const text = await readText(ctx.req, maxBody)
  if (text.length > maxBody) throw tooLarge()
  if (text === '') return text
  const wanted = media ?? 'application/json'
  if (ctx.request.type !== wanted || !isPlain(ctx.get('Content-Encoding'))) {
    throw new ProblemError('media_type_unsupported', `Send ${wanted}, not compressed.`)
  }
  return text
}

/** @throws ProblemError `body_malformed` */
export function parseBody(text: string, { media }: Route): unknown {
  if (text === '') return undefined
  if (media === 'application/yaml') return text
  const value = parseJson(text)
  if (value === undefined) throw new ProblemError('body_malformed', 'The body is not JSON.')
  return value
}

/** Undefined, which no JSON text means, for what is none. What the parser says repeats the text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isPlain(encoding: string): boolean {
  return encoding === '' || encoding === 'identity'
}
