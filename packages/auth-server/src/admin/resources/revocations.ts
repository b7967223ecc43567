import { z } from 'zod'
import type { Context } from '../../context.js'
import { line, text } from '../fields.js'
import { type Route, route } from '../route.js'

const kind = z.enum(['token', 'grant', 'consent', 'agent', 'client', 'session', 'subject', 'transaction'])

const withdrawal = z
  .object({ kind, value: text, reason: text, ended: z.number().describe('Tokens that ended.') })
  .meta({ id: 'Withdrawal' })

/** Taking back whatever was given. */
export function revocationRoutes({ revocations }: Context): readonly Route[] {
  return [
    route({
      tag: 'Revocations',
      name: 'withdraw',
      summary: 'Withdraw anything: every token that rests on it ends, and every API is told',
      method: 'post',
      path: '/revocations',
      scope: 'admin:revoke',
      status: 201,
      body: z.strictObject({ kind, value: z.string().min(1).max(500), reason: line }),
      answer: withdrawal,
      run: async ({ caller, body }) => ({
        body: { ...body, ended: await revocations.withdraw({ ...body, by: caller.by }) },
      }),
    }),
  ]
}
