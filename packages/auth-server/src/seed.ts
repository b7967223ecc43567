import type { Context } from './context.js'
import type { Seed } from './options.js'
import { digestOf } from './policy/digest.js'
import { parseDocument } from './policy/parse-document.js'

/** Any number, the same in every process: what seeding locks. */
const lock = 7_261_095

/** Seconds that a secret of the seed lives: a year. */
const secretLifetime = 31_536_000

/** Who made an entry of the seed. */
const by = 'seed'

/** Makes the entries that are not there yet, one process at a time. An entry that is there stays as it is. */
export async function sow(context: Context, seed: Seed = {}): Promise<void> {
  const { database } = context
  await database.transaction(async () => {
    await database.query('select pg_advisory_xact_lock($1)', [lock])
    if (seed.policy !== undefined) await sowPolicy(context, seed.policy)
    for (const agent of seed.agents ?? []) await sowAgent(context, agent)
    for (const client of seed.clients ?? []) await sowClient(context, client)
    for (const account of seed.accounts ?? []) await sowAccount(context, account)
  })
}

/** Who changed the seed since it was sown, and never the policy itself, waits for something that does not come: they are told. */
async function sowPolicy({ policy, settings, log }: Context, document: NonNullable<Seed['policy']>): Promise<void> {
  const [newest] = await policy.versions({ limit: 1 })
  if (newest === undefined) await policy.replace(document, { by })
  else if (newest.createdBy === by && newest.digest !== digestOf(parseDocument(document, settings.adminResource))) {
    log.warn(
      { version: newest.version },
      'the policy in force is an earlier one of the seed: PUT /admin/policy changes it',
    )
  }
}

type Entry<Kind extends 'agents' | 'clients' | 'accounts'> = NonNullable<Seed[Kind]>[number]

async function sowAgent({ agents, audit }: Context, { roles, ceiling, ...agent }: Entry<'agents'>): Promise<void> {
  if ((await agents.find(agent.id)) !== undefined) return
  const after = await agents.create({ ...agent, roles: roles ?? [], ceiling: ceiling ?? null })
  await audit.record({ type: 'agent.registered', change: { by, after } })
}

async function sowClient({ clients, audit }: Context, entry: Entry<'clients'>): Promise<void> {
  const { id, name, agent, metadata, secret } = entry
  if ((await clients.find(id)) !== undefined) return
  const after = await clients.create({ id, name, agentId: agent ?? null, metadata })
  if (secret !== undefined) await clients.addSecret(id, secretLifetime, secret)
  await audit.record({ type: 'client.registered', client: { id }, change: { by, after } })
}

async function sowAccount({ accounts, audit }: Context, { permissions, ...account }: Entry<'accounts'>): Promise<void> {
  const { subject } = account
  if ((await accounts.find(subject)) !== undefined) return
  const after = await accounts.create({ ...account, permissions: permissions ?? [] })
  await audit.record({ type: 'account.registered', subject: { id: subject }, change: { by, after } })
}
