import { z } from 'zod'
import type { Context } from '../../context.js'
import { filter, idParams, listOf, moment, reasonBody, text } from '../fields.js'
import { found } from '../found.js'
import { cutPage, pageOf, pageQuery } from '../page.js'
import { type Route, route } from '../route.js'
import { createSignIns } from '../sessions.js'

const session = z
  .object({
    id: text.describe('As in `sid` of the tokens.'),
    subject: text,
    signedInAt: moment.nullable(),
    acr: text.nullable(),
    amr: listOf(text),
    clients: listOf(text).describe('Applications that were signed in to.'),
    expiresAt: moment.nullable(),
  })
  .meta({ id: 'Session' })

/** Where people are signed in. */
export function sessionRoutes(context: Context): readonly Route[] {
  const { revocations } = context
  const sessions = createSignIns(context)
  const base = { tag: 'Sessions' } as const

  return [
    route({
      ...base,
      name: 'listSessions',
      summary: 'Sessions, by id',
      method: 'get',
      path: '/sessions',
      scope: 'admin:read',
      query: z.strictObject({ ...pageQuery, subject: filter }),
      answer: pageOf(session),
      run: ({ query: { limit, ...rest } }) =>
        cutPage(
          limit,
          (limit) => sessions.list({ ...rest, limit }),
          ({ id }) => id,
        ),
    }),
    route({
      ...base,
      name: 'readSession',
      summary: 'One session',
      method: 'get',
      path: '/sessions/:id',
      scope: 'admin:read',
      entity: true,
      params: idParams,
      answer: session,
      run: async ({ params }) => ({ body: await found(sessions.find(params.id), 'session') }),
    }),
    route({
      ...base,
      name: 'endSession',
      summary: 'End a session: the person signs in again, and tokens of the session end',
      method: 'post',
      path: '/sessions/:id/end',
      scope: 'admin:revoke',
      params: idParams,
      body: reasonBody,
      answer: z.object({ ended: z.number().describe('Tokens that ended.') }),
      run: async ({ caller, params, body }) => {
        await found(sessions.find(params.id), 'session')
        const ended = await revocations.withdraw({
          kind: 'session',
          value: params.id,
          reason: body.reason,
          by: caller.by,
        })
        return { body: { ended } }
      },
    }),
  ]
}
