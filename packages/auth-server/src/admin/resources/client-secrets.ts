import { z } from 'zod'
import type { Client } from '../../clients/client.js'
import type { Context } from '../../context.js'
import { refuseOwnAgent } from '../caller.js'
import { idParams, listOf, moment, text } from '../fields.js'
import { found } from '../found.js'
import { type Route, route } from '../route.js'

/** Seconds a secret lives: a year at most, 90 days where nobody says. */
const longestLifetime = 31_536_000
const defaultLifetime = 7_776_000

const secret = z.object({ id: text, createdAt: moment, expiresAt: moment }).meta({ id: 'ClientSecret' })
const newSecret = secret
  .extend({ secret: text.describe('Shown this one time, and kept as a hash.') })
  .meta({ id: 'NewClientSecret' })

/** Secrets of clients: two at most, so that one can be rotated. */
export function clientSecretRoutes({ clients }: Context): readonly Route[] {
  const find = (id: string): Promise<Client> => found(clients.find(id), 'client')
  const base = { tag: 'Clients' } as const

  return [
    route({
      ...base,
      name: 'listClientSecrets',
      summary: 'The live secrets of a client, without the secrets',
      method: 'get',
      path: '/clients/:id/secrets',
      scope: 'admin:read',
      params: idParams,
      answer: z.object({ items: listOf(secret) }),
      run: async ({ params }) => {
        await find(params.id)
        return { body: { items: await clients.secrets(params.id) } }
      },
    }),
    route({
      ...base,
      name: 'addClientSecret',
      summary: 'Make a new secret: the answer shows it once',
      method: 'post',
      path: '/clients/:id/secrets',
      scope: 'admin:write',
      dangerous: true,
      status: 201,
      params: idParams,
      body: z
        .strictObject({ lifetime: z.int().min(60).max(longestLifetime).default(defaultLifetime).describe('Seconds.') })
        .prefault({}),
      answer: newSecret,
      run: async ({ caller, params, body }) => {
        const client = await find(params.id)
        refuseOwnAgent(caller, client.agentId)
        const made = await clients.addSecret(client.id, body.lifetime)
        const { id, createdAt, expiresAt } = made
        const detail = { client_id: client.id }
        return {
          body: made,
          location: `/clients/${encodeURIComponent(client.id)}/secrets`,
          changes: [{ type: 'client.key_rotated', detail, after: { id, createdAt, expiresAt } }],
        }
      },
    }),
    route({
      ...base,
      name: 'removeClientSecret',
      summary: 'End a secret at once',
      method: 'delete',
      path: '/clients/:id/secrets/:secretId',
      scope: 'admin:write',
      dangerous: true,
      params: idParams.extend({ secretId: z.string().min(1).max(500) }),
      run: async ({ caller, params }) => {
        const client = await find(params.id)
        refuseOwnAgent(caller, client.agentId)
        const before = (await clients.secrets(client.id)).find(({ id }) => id === params.secretId)
        await clients.removeSecret(client.id, params.secretId)
        return {
          body: undefined,
          changes: [{ type: 'client.key_rotated', detail: { client_id: client.id }, before }],
        }
      },
    }),
  ]
}
