import { z } from 'zod'
import type { Context } from '../../context.js'
import { line, moment, text } from '../fields.js'
import { cutPage, pageOf, pageQuery } from '../page.js'
import { type Route, route } from '../route.js'

const stream = z
  .object({
    resource: text,
    address: text.describe('Where the policy says that its events go.'),
    waiting: z.number().describe('Events that the API has not taken yet.'),
    waitingSince: moment.nullable().describe('When the first of them was queued.'),
    attempts: z.number().describe('How often it was sent so far.'),
    nextAttempt: moment.nullable(),
    deliveredAt: moment.nullable().describe('When the API last took one.'),
    failedAt: moment.nullable().describe('When it last did not.'),
    error: text.nullable().describe('Why: an error of RFC 8935 section 2.4, status_503, ECONNREFUSED.'),
  })
  .meta({ id: 'EventStream' })

/** How security events reach the APIs. */
export function eventStreamRoutes({ streams }: Context): readonly Route[] {
  const base = { tag: 'Event streams' } as const
  return [
    route({
      ...base,
      name: 'listEventStreams',
      summary: 'APIs that receive security events, and how their delivery goes',
      method: 'get',
      path: '/event-streams',
      scope: 'admin:read',
      query: z.strictObject(pageQuery),
      answer: pageOf(stream),
      run: ({ query: { limit, ...rest } }) =>
        cutPage(
          limit,
          (limit) => streams.list({ ...rest, limit }),
          ({ resource }) => resource,
        ),
    }),
    route({
      ...base,
      name: 'verifyEventStream',
      summary: 'Send an API a verification event (SSF 1.0 section 8.1.4)',
      method: 'post',
      path: '/event-streams/verify',
      scope: 'admin:write',
      status: 201,
      body: z.strictObject({
        resource: z.string().min(1).max(512),
        state: line.optional().describe('Comes back in the event.'),
      }),
      answer: z.object({ event: text.describe('Its `jti`.') }).meta({ id: 'Verification' }),
      run: async ({ body: { resource, state } }) => {
        const event = await streams.verify(resource, state)
        return { body: { event }, changes: [{ type: 'set.requested', resource: { aud: resource }, detail: { event } }] }
      },
    }),
  ]
}
