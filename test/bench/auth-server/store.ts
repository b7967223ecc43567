import { randomBytes } from 'node:crypto'
import type { AuthServer } from '@behalf/auth-server'
import { Client } from 'pg'

/** A PostgreSQL database for one server. */
export async function createDatabase(): Promise<{ readonly url: string; readonly drop: () => Promise<void> }> {
  const server = 'postgres://postgres@127.0.0.1:5432'
  const name = `behalf_bench_${randomBytes(4).toString('hex')}`
  const admin = new Client(`${server}/postgres`)
  await admin.connect()
  await admin.query(`create database ${name}`)
  return {
    url: `${server}/${name}`,
    drop: async () => {
      await admin.query(`drop database ${name} with (force)`)
      await admin.end()
    },
  }
}

/** Rows of one statement, which has to end within the limit of the server. */
const batch = 20_000

/** Copies of the first agent, each with a client of the same secret, and rows in the trail, put in as rows. */
export async function fill(
  { query }: AuthServer['context']['database'],
  { agents, events }: { readonly agents: number; readonly events: number },
): Promise<void> {
  for (const [from, to] of batchesOf(1, agents)) {
    await query(
      `insert into agents select 'agent:a' || n, 'a' || n, description, owner, status, roles, ceiling, refusals,
         locked_until, version, created_at, updated_at from agents, generate_series($1::integer, $2::integer) n
       where id = 'agent:a0'`,
      [from, to],
    )
    await query(
      `insert into clients select 'client-a' || n, 'agent:a' || n, name, metadata, status, version, created_at, updated_at
       from clients, generate_series($1::integer, $2::integer) n where id = 'client-a0'`,
      [from, to],
    )
    await query(
      `insert into client_secrets select 'secret-' || n, 'client-a' || n, hash, created_at, expires_at
       from client_secrets, generate_series($1::integer, $2::integer) n where client_id = 'client-a0'`,
      [from, to],
    )
  }
  for (const [from, to] of batchesOf(1, events + 1)) {
    await query(
      `insert into audit_events (chain, seq, id, time, type, decision, reason, subject, actor, client, resource,
         transaction, token_id, event, hash)
       select 'filled', n, 'filled-' || n, 1700000000 + n, 'delegation.issued', 'allow', 'policy', 'user_' || n % 10000,
         'agent:a' || n % 100, 'client-a' || n % 100, 'https://billing.example.com', 'task_' || n / 10, 'token_' || n,
         repeat('x', 800), md5(n::text) from generate_series($1::integer, $2::integer) n`,
      [from, to],
    )
  }
  await query('analyze')
}

/** From `from` up to `end`, which is not included. */
function batchesOf(from: number, end: number): readonly (readonly [number, number])[] {
  const count = Math.ceil(Math.max(0, end - from) / batch)
  return Array.from({ length: count }, (_, n) => [from + n * batch, Math.min(from + (n + 1) * batch, end) - 1])
}
