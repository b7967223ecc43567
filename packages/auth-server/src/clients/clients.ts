import { z } from 'zod'
import { type AgentRow, toAgent } from '../agents/agent-row.js'
import type { Context } from '../context.js'
import { first, json, type Value } from '../database/database.js'
import { ConflictError, NotFoundError, StaleVersionError } from '../errors.js'
import { line, readInput } from '../input.js'
import { holdName } from '../subject-names.js'
import type { Client, ClientMetadata, Clients } from './client.js'
import { createClientSecrets, hasSecrets } from './client-secrets.js'
import { readMetadata } from './metadata.js'

interface ClientRow {
  readonly id: string
  readonly agent_id: string | null
  readonly name: string
  readonly metadata: ClientMetadata
  readonly status: Client['status']
  readonly version: number
  readonly created_at: number
  readonly updated_at: number
}

const clientId = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/u

/** What one is registered with. */
export const newClientSchema = z.strictObject({
  id: z.string().regex(clientId, 'must be letters, digits and . _ ~ -'),
  name: line,
  agentId: z.string().nullable(),
  metadata: z.unknown(),
})

const changeSchema = z.strictObject({
  name: line.optional(),
  metadata: z.unknown().optional(),
  status: z.enum(['active', 'disabled']).optional(),
})

/** The clients of the database. Changes are recorded by who asks for them. */
export function createClients({
  database,
  now,
  revocations,
}: Pick<Context, 'database' | 'now' | 'revocations'>): Clients {
  async function one(text: string, values: readonly Value[]): Promise<Client | undefined> {
    const row = first(await database.query<ClientRow>(text, values))
    return row && toClient(row)
  }

  /** The client, held until the transaction under way ends. */
  async function hold(id: string): Promise<Client> {
    const client = await one('select * from clients where id = $1 for update', [id])
    if (client === undefined) throw new NotFoundError(`client ${id} is not known`)
    return client
  }

  /** An agent that is retired meanwhile waits for the transaction under way. */
  async function holdAgent(id: string): Promise<void> {
    const agents = await database.query<{ status: string }>('select status from agents where id = $1 for share', [id])
    const agent = first(agents)
    if (agent === undefined) throw new NotFoundError(`agent ${id} is not known`)
    if (agent.status === 'retired') throw new ConflictError(`agent ${id} is retired`)
  }

  return {
    ...createClientSecrets({ database, now }, hold),
    find: async (id) => (clientId.test(id) ? one('select * from clients where id = $1', [id]) : undefined),
    findWithAgent: async (id) => {
      if (!clientId.test(id)) return undefined
      const rows = await database.query<ClientRow & { readonly agent: AgentRow | null }>(
        `select clients.*, to_jsonb(agents) as agent from clients left join agents on agents.id = clients.agent_id
         where clients.id = $1`,
        [id],
      )
      const row = first(rows)
      return row && { client: toClient(row), agent: row.agent === null ? undefined : toAgent(row.agent) }
    },
    list: async ({ after = '', limit, agentId }) => {
      const rows = await database.query<ClientRow>(
        'select * from clients where id > $1 and ($3::text is null or agent_id = $3) order by id limit $2',
        [after, limit, agentId ?? null],
      )
      return rows.map(toClient)
    },
    create: async (input) => {
      const { id, name, agentId, metadata: given } = readInput(newClientSchema, input, 'client')
      const metadata = await readMetadata(given, agentId !== null)
      return database.transaction(async () => {
        await holdName(database, 'client', id)
        if (agentId !== null) await holdAgent(agentId)
        const created = await one(
          `insert into clients (id, agent_id, name, metadata, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $5) on conflict (id) do nothing returning *`,
          [id, agentId, name, json(metadata), now()],
        )
        if (created === undefined) throw new ConflictError(`client ${id} exists`)
        return created
      })
    },
    change: async (id, input, version, by = 'server') => {
      const change = readInput(changeSchema, input, 'client')
      return database.transaction(async () => {
        const before = await hold(id)
        if (version !== undefined && version !== before.version) throw new StaleVersionError(`client ${id} was changed`)
        const metadata =
          change.metadata === undefined ? before.metadata : await readMetadata(change.metadata, before.agentId !== null)
        const after = await one(
          `update clients set name = $2, metadata = $3, status = $4, version = version + 1, updated_at = $5
           where id = $1 returning *`,
          [id, change.name ?? before.name, json(metadata), change.status ?? before.status, now()],
        )
        if (!hasSecrets(metadata)) await database.query('delete from client_secrets where client_id = $1', [id])
        if (after?.status === 'disabled' && before.status !== 'disabled') {
          await revocations.withdraw({ kind: 'client', value: id, reason: 'client_disabled', by })
        }
        return after ?? before
      })
    },
  }
}

function toClient({ id, name, agent_id, metadata, status, version, created_at, updated_at }: ClientRow): Client {
  return { id, name, agentId: agent_id, metadata, status, version, createdAt: created_at, updatedAt: updated_at }
}
