import { z } from 'zod'
import type { Consent } from '../../consents/consent.js'
import type { Context } from '../../context.js'
import { filter, idParams, moment, reasonBody, text } from '../fields.js'
import { found } from '../found.js'
import { cutPage, pageOf, pageQuery } from '../page.js'
import { type Route, route } from '../route.js'

const status = z.enum(['granted', 'used', 'withdrawn'])

const consent = z
  .object({
    id: text,
    subject: text,
    agentId: text,
    permission: text,
    resource: text,
    detailsDigest: text.describe('Digest of the record it is for; empty where it names none.'),
    mode: z.enum(['once', 'per_task', 'each_time']),
    transaction: text.nullable(),
    status,
    createdAt: moment,
    expiresAt: moment.nullable(),
  })
  .meta({ id: 'Consent' })

/** What people allowed agents. They give it on the consent page, never here. */
export function consentRoutes({ consents, revocations }: Context): readonly Route[] {
  const find = (id: string): Promise<Consent> => found(consents.find(id), 'consent')
  const base = { tag: 'Consents' } as const
  const one = { ...base, entity: true, params: idParams, answer: consent } as const

  return [
    route({
      ...base,
      name: 'listConsents',
      summary: 'Consents, newest first',
      method: 'get',
      path: '/consents',
      scope: 'admin:read',
      query: z.strictObject({ ...pageQuery, subject: filter, agentId: filter, status: status.optional() }),
      answer: pageOf(consent),
      run: ({ query: { limit, ...rest } }) =>
        cutPage(
          limit,
          (limit) => consents.list({ ...rest, limit }),
          ({ id }) => id,
        ),
    }),
    route({
      ...one,
      name: 'readConsent',
      summary: 'One consent',
      method: 'get',
      path: '/consents/:id',
      scope: 'admin:read',
      run: async ({ params }) => ({ body: await find(params.id) }),
    }),
    route({
      ...one,
      name: 'withdrawConsent',
      summary: 'Withdraw a consent, and every token that rests on it',
      method: 'post',
      path: '/consents/:id/withdraw',
      scope: 'admin:revoke',
      ifMatch: 'heeded',
      body: reasonBody,
      run: async ({ caller, params, body, expect }) => {
        expect(await find(params.id))
        await revocations.withdraw({ kind: 'consent', value: params.id, reason: body.reason, by: caller.by })
        return { body: await find(params.id) }
      },
    }),
  ]
}
