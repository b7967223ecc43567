import type { Context } from './context.js'
import type { Seed } from './options.js'

/** Any number, the same in every process: what seeding locks. */
const lock = 7_261_095

/** Seconds that a secret of the seed lives: a year. */
const secretLifetime = 31_536_000

/** Makes the entries that are not there yet, one process at a time. An entry that is there stays as it is. */
export async function sow(context: Context, seed: Seed = {}): Promise<void> {
  const { database, policy, agents, clients, accounts } = context
  await database.transaction(async () => {
    await database.query('select pg_advisory_xact_lock($1)', [lock])
    if (seed.policy !== undefined && (await policy.current()).version === 0) {
      await policy.replace(seed.policy, { by: 'seed' })
    }
    for (const { roles, ceiling, ...agent } of seed.agents ?? []) {
      if ((await agents.find(agent.id)) !== undefined) continue
      await agents.create({ ...agent, roles: roles ?? [], ceiling: ceiling ?? null })
      await context.audit.record({ type: 'agent.registered', change: { by: 'seed', after: { id: agent.id, roles } } })
    }
    for (const { id, name, agent, metadata, secret } of seed.clients ?? []) {
      if ((await clients.find(id)) !== undefined) continue
      await clients.create({ id, name, agentId: agent ?? null, metadata })
      if (secret !== undefined) await clients.addSecret(id, secretLifetime, secret)
      await context.audit.record({ type: 'client.registered', client: { id }, change: { by: 'seed' } })
    }
    for (const { permissions, ...account } of seed.accounts ?? []) {
      if ((await accounts.find(account.subject)) !== undefined) continue
      await accounts.create({ ...account, permissions: permissions ?? [] })
      await context.audit.record({ type: 'account.registered', subject: { id: account.subject }, change: { by: 'seed' } })
    }
  })
}
