import { z } from 'zod'
import type { Account, Accounts } from '../../accounts/account.js'
import type { Context } from '../../context.js'
import { identifier, idParams, line, listOf, moment, names, text } from '../fields.js'
import { found } from '../found.js'
import { cutPage, pageOf, pageQuery } from '../page.js'
import { type Call, type Outcome, type Route, route } from '../route.js'

const status = z.enum(['active', 'disabled'])

const account = z
  .object({
    subject: text.describe('As in `sub`.'),
    username: text,
    name: text,
    status,
    permissions: listOf(text).describe('What this person may do: no agent gets more on their behalf.'),
    version: z.number(),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Account' })

/** Goes in, and never out again. */
const password = z.string().min(8).max(200).meta({ format: 'password', writeOnly: true })

/** People: for whom agents act. */
export function accountRoutes({ accounts }: Context): readonly Route[] {
  const find = (subject: string): Promise<Account> => found(accounts.find(subject), 'account')
  const base = { tag: 'Accounts' } as const
  const one = { ...base, entity: true, params: idParams, answer: account } as const

  async function change(
    { caller, params, expect }: Pick<Call<{ id: string }, unknown, unknown>, 'caller' | 'params' | 'expect'>,
    wanted: Parameters<Accounts['change']>[1],
  ): Promise<Outcome<z.input<typeof account>>> {
    const before = await find(params.id)
    expect(before)
    const after = await accounts.change(params.id, wanted, before.version, caller.by)
    const detail = 'password' in wanted ? { password: 'replaced' } : undefined
    return {
      body: after,
      changes: [{ type: 'account.changed', subject: { id: after.subject }, detail, before, after }],
    }
  }

  return [
    route({
      ...base,
      name: 'listAccounts',
      summary: 'Accounts, by subject',
      method: 'get',
      path: '/accounts',
      scope: 'admin:read',
      query: z.strictObject(pageQuery),
      answer: pageOf(account),
      run: ({ query: { limit, after } }) =>
        cutPage(
          limit,
          (limit) => accounts.list({ limit, after }),
          ({ subject }) => subject,
        ),
    }),
    route({
      ...base,
      name: 'registerAccount',
      summary: 'Register a person',
      method: 'post',
      path: '/accounts',
      scope: 'admin:write',
      dangerous: true,
      status: 201,
      entity: true,
      body: z.strictObject({
        subject: identifier,
        username: line,
        name: line,
        password,
        permissions: names.default([]),
      }),
      answer: account,
      run: async ({ body }) => {
        const made = await accounts.create(body)
        return {
          body: made,
          location: `/accounts/${encodeURIComponent(made.subject)}`,
          changes: [{ type: 'account.registered', subject: { id: made.subject }, after: made }],
        }
      },
    }),
    route({
      ...one,
      name: 'readAccount',
      summary: 'One person',
      method: 'get',
      path: '/accounts/:id',
      scope: 'admin:read',
      run: async ({ params }) => ({ body: await find(params.id) }),
    }),
    route({
      ...one,
      name: 'changeAccount',
      summary: 'Rename, disable or enable a person; disabling ends everything given for them',
      method: 'patch',
      path: '/accounts/:id',
      scope: 'admin:write',
      ifMatch: 'heeded',
      body: z.strictObject({ name: line.optional(), status: status.optional() }),
      run: (call) => change(call, call.body),
    }),
    route({
      ...one,
      name: 'replaceAccountPermissions',
      summary: 'Replace what a person may do',
      method: 'put',
      path: '/accounts/:id/permissions',
      scope: 'admin:write',
      dangerous: true,
      ifMatch: 'required',
      body: z.strictObject({ permissions: names }),
      run: (call) => change(call, call.body),
    }),
    route({
      ...one,
      name: 'replaceAccountPassword',
      summary: 'Set a new password; what was given for the person ends',
      method: 'put',
      path: '/accounts/:id/password',
      scope: 'admin:write',
      dangerous: true,
      ifMatch: 'required',
      body: z.strictObject({ password }),
      run: (call) => change(call, call.body),
    }),
  ]
}
