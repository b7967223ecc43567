import type { Context } from '../context.js'
import type { PolicyFacts } from './lint.js'

const pageSize = 500

/** Every agent, person and client there is. */
export async function collectFacts({
  agents,
  accounts,
  clients,
}: Pick<Context, 'agents' | 'accounts' | 'clients'>): Promise<Required<PolicyFacts>> {
  return {
    agents: await everyOne(agents, ({ id }) => id),
    accounts: await everyOne(accounts, ({ subject }) => subject),
    clients: await everyOne(clients, ({ id }) => id),
  }
}

interface Listed<Entry> {
  list(page: { readonly after?: string; readonly limit: number }): Promise<readonly Entry[]>
}

/** All entries of a kind, a page at a time. */
export async function everyOne<Entry>(
  listed: Listed<Entry>,
  idOf: (entry: Entry) => string,
): Promise<readonly Entry[]> {
  const all: Entry[] = []
  for (;;) {
    const last = all.at(-1)
    const page = await listed.list(last === undefined ? { limit: pageSize } : { after: idOf(last), limit: pageSize })
    if (page.length === 0) return all
    all.push(...page)
  }
}
