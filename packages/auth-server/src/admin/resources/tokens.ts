import { z } from 'zod'
import type { Context } from '../../context.js'
import type { IssuedToken } from '../../tokens/issued-token.js'
import { filter, idParams, listOf, moment, reasonBody, text } from '../fields.js'
import { found } from '../found.js'
import { cutPage, pageOf, pageQuery } from '../page.js'
import { type Route, route } from '../route.js'

const kind = z.enum(['subject', 'direct', 'delegated'])

const token = z
  .object({
    tokenId: text.describe('`jti`'),
    parentId: text.nullable().describe('The token it was exchanged for.'),
    kind,
    subject: text,
    agentId: text.nullable(),
    clientId: text,
    resource: text,
    scope: listOf(text),
    transaction: text.nullable(),
    sessionId: text.nullable(),
    grantId: text.nullable(),
    consents: listOf(text),
    issuedAt: moment,
    expiresAt: moment,
    revokedAt: moment.nullable(),
  })
  .meta({ id: 'Token' })

/** Records of access tokens; never a token. */
export function tokenRoutes({ tokens, revocations }: Context): readonly Route[] {
  const find = (id: string): Promise<IssuedToken> => found(tokens.find(id), 'token')
  const base = { tag: 'Tokens' } as const
  const one = { ...base, entity: true, params: idParams, answer: token } as const

  return [
    route({
      ...base,
      name: 'listTokens',
      summary: 'Records of tokens, newest first',
      method: 'get',
      path: '/tokens',
      scope: 'admin:read',
      query: z.strictObject({
        ...pageQuery,
        subject: filter,
        agentId: filter,
        clientId: filter,
        resource: filter,
        transaction: filter,
        sessionId: filter,
        grantId: filter,
        kind: kind.optional(),
        active: z
          .stringbool({ truthy: ['true'], falsy: ['false'] })
          .optional()
          .describe('Neither expired nor revoked.'),
      }),
      answer: pageOf(token),
      run: ({ query: { limit, after, ...rest } }) =>
        cutPage(
          limit,
          (limit) => tokens.search(rest, { after, limit }),
          ({ tokenId }) => tokenId,
        ),
    }),
    route({
      ...one,
      name: 'readToken',
      summary: 'The record of one token',
      method: 'get',
      path: '/tokens/:id',
      scope: 'admin:read',
      run: async ({ params }) => ({ body: await find(params.id) }),
    }),
    route({
      ...one,
      name: 'revokeToken',
      summary: 'Revoke a token and everything made from it',
      method: 'post',
      path: '/tokens/:id/revoke',
      scope: 'admin:revoke',
      ifMatch: 'heeded',
      body: reasonBody,
      run: async ({ caller, params, body, expect }) => {
        expect(await find(params.id))
        await revocations.withdraw({ kind: 'token', value: params.id, reason: body.reason, by: caller.by })
        return { body: await find(params.id) }
      },
    }),
  ]
}
