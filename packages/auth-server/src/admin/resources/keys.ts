import { z } from 'zod'
import type { Context } from '../../context.js'
import { listOf, moment, text } from '../fields.js'
import { type Route, route } from '../route.js'

const purpose = z.enum(['token', 'checkpoint'])

const key = z
  .object({
    keyId: text,
    purpose,
    algorithm: text,
    createdAt: moment,
    activeFrom: moment.describe('When it begins to sign.'),
    activeUntil: moment.nullable().describe('When it stopped signing, or will.'),
    publishedUntil: moment.nullable().describe('When its public part is no longer published.'),
  })
  .meta({ id: 'SigningKey' })

const rotation = z.object({ keyId: text, activeFrom: moment }).meta({ id: 'Rotation' })

/** Signing keys. Only what is public about them is ever shown. */
export function keyRoutes({ keys }: Context): readonly Route[] {
  const base = { tag: 'Keys' } as const

  const rotate = (name: 'rotateKey' | 'replaceKeyNow', summary: string, now: boolean): Route =>
    route({
      ...base,
      name,
      summary,
      method: 'post',
      path: now ? '/keys/rotate-now' : '/keys/rotate',
      scope: 'admin:write',
      dangerous: now,
      status: 201,
      body: z.strictObject({ purpose: purpose.default('token') }).prefault({}),
      answer: rotation,
      run: async ({ caller, body }) => {
        const made = await keys.rotate(body.purpose, now, caller.by)
        return { body: made, location: '/keys' }
      },
    })

  return [
    route({
      ...base,
      name: 'listKeys',
      summary: 'Signing keys, newest first',
      method: 'get',
      path: '/keys',
      scope: 'admin:read',
      answer: z.object({ items: listOf(key) }),
      run: async () => ({ body: { items: await keys.list() } }),
    }),
    rotate('rotateKey', 'Make the next key: published now, in use after the lead time', false),
    rotate('replaceKeyNow', 'Replace a key that leaked: the earlier ones are no longer published', true),
  ]
}
