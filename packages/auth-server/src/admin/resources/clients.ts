import { z } from 'zod'
import type { Client } from '../../clients/client.js'
import { clientMetadataSchema } from '../../clients/metadata-schema.js'
import type { Context } from '../../context.js'
import { refuseOwnAgent } from '../caller.js'
import { filter, identifier, idParams, line, moment, text } from '../fields.js'
import { found } from '../found.js'
import { cutPage, pageOf, pageQuery } from '../page.js'
import { type Call, type Outcome, type Route, route } from '../route.js'

const status = z.enum(['active', 'disabled'])

const client = z
  .object({
    id: text,
    name: text,
    agentId: text.nullable().describe('The agent it belongs to; null for an application.'),
    metadata: z.looseObject({}).describe('In the names of RFC 7591. Keys are public ones.'),
    status,
    version: z.number(),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Client' })

const keySet = z.strictObject({
  keys: z
    .array(z.looseObject({ kty: z.string() }))
    .min(1)
    .max(10),
})

/** OAuth clients: those of agents, and applications that people sign in to. */
export function clientRoutes({ clients }: Context): readonly Route[] {
  const find = (id: string): Promise<Client> => found(clients.find(id), 'client')
  const base = { tag: 'Clients' } as const
  const one = { ...base, entity: true, params: idParams, answer: client } as const

  /** What every change has in common. */
  async function change(
    { caller, params, expect }: Pick<Call<{ id: string }, unknown, unknown>, 'caller' | 'params' | 'expect'>,
    make: (before: Client) => Parameters<typeof clients.change>[1],
    type: 'client.changed' | 'client.key_rotated' = 'client.changed',
  ): Promise<Outcome<z.input<typeof client>>> {
    const before = await find(params.id)
    refuseOwnAgent(caller, before.agentId)
    expect(before)
    const after = await clients.change(params.id, make(before), before.version, caller.by)
    const actor = after.agentId === null ? undefined : { id: after.agentId }
    return { body: viewOf(after), changes: [{ type, actor, detail: { client_id: after.id }, before, after }] }
  }

  return [
    route({
      ...base,
      name: 'listClients',
      summary: 'Clients, by id',
      method: 'get',
      path: '/clients',
      scope: 'admin:read',
      query: z.strictObject({ ...pageQuery, agentId: filter }),
      answer: pageOf(client),
      run: ({ query: { limit, ...rest } }) =>
        cutPage(
          limit,
          async (limit) => (await clients.list({ limit, ...rest })).map(viewOf),
          ({ id }) => id,
        ),
    }),
    route({
      ...base,
      name: 'registerClient',
      summary: 'Register a client',
      method: 'post',
      path: '/clients',
      scope: 'admin:write',
      dangerous: true,
      status: 201,
      entity: true,
      body: z.strictObject({
        id: identifier,
        name: line,
        agentId: identifier.nullable().default(null),
        metadata: clientMetadataSchema,
      }),
      answer: client,
      run: async ({ caller, body }) => {
        refuseOwnAgent(caller, body.agentId)
        const made = await clients.create(body)
        const change = { type: 'client.registered', detail: { client_id: made.id }, after: made } as const
        return { body: viewOf(made), location: `/clients/${encodeURIComponent(made.id)}`, changes: [change] }
      },
    }),
    route({
      ...one,
      name: 'readClient',
      summary: 'One client',
      method: 'get',
      path: '/clients/:id',
      scope: 'admin:read',
      run: async ({ params }) => ({ body: viewOf(await find(params.id)) }),
    }),
    route({
      ...one,
      name: 'changeClient',
      summary: 'Rename, disable or enable a client; disabling it ends its tokens',
      method: 'patch',
      path: '/clients/:id',
      scope: 'admin:write',
      ifMatch: 'heeded',
      body: z.strictObject({ name: line.optional(), status: status.optional() }),
      run: (call) => change(call, () => call.body),
    }),
    route({
      ...one,
      name: 'replaceClientMetadata',
      summary: 'Replace what a client is allowed and how it proves itself',
      method: 'put',
      path: '/clients/:id/metadata',
      scope: 'admin:write',
      dangerous: true,
      ifMatch: 'required',
      body: clientMetadataSchema,
      run: (call) => change(call, () => ({ metadata: call.body })),
    }),
    route({
      ...one,
      name: 'replaceClientKeys',
      summary: 'Replace the public keys of a client',
      method: 'put',
      path: '/clients/:id/keys',
      scope: 'admin:write',
      dangerous: true,
      ifMatch: 'required',
      body: keySet,
      run: (call) =>
        change(call, ({ metadata }) => ({ metadata: { ...metadata, jwks: call.body } }), 'client.key_rotated'),
    }),
  ]
}

/** The schema of the answer takes any metadata; the client's is one. */
function viewOf(client: Client): Client & { readonly metadata: Record<string, unknown> } {
  return { ...client, metadata: { ...client.metadata } }
}
