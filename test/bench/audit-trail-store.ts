import { randomBytes } from 'node:crypto'
import { type AuthServer, createAuthServer } from '@behalf/auth-server'
import { Client } from 'pg'

type AuditTrail = AuthServer['context']['audit']

/** A trail of some length. What its functions answer is in it, for any index. */
export interface FilledTrail extends Pick<AuditTrail, 'search' | 'verify'> {
  readonly size: number
  readonly close: () => Promise<void>
  readonly record: (index: number) => Promise<void>
  readonly taskOf: (index: number) => string
  readonly subjectOf: (index: number) => string
  readonly resourceOf: (index: number) => string
  /** Seconds. */
  readonly timeOf: (index: number) => number
}

const start = 1_800_000_000

/** Events of one transaction while a trail is filled, and transactions between two checkpoints. */
const batch = 500
const batches = 2

/** Trails in databases of their own, each filled as the server would. */
export async function createTrails(kind: 'postgres' | 'embedded', sizes: readonly number[]): Promise<FilledTrail[]> {
  const trails: FilledTrail[] = []
  for (const size of sizes) trails.push(await createFilled(kind, size))
  return trails
}

async function createFilled(kind: 'postgres' | 'embedded', size: number): Promise<FilledTrail> {
  let recorded = 0
  const now = (): number => start + Math.floor(recorded / 100)
  const store = kind === 'postgres' ? await createPostgres() : undefined
  const { context, close } = await createAuthServer({
    issuer: 'https://auth.example.com',
    database: store?.url ?? 'memory',
    encryptionKey: randomBytes(32).toString('base64url'),
    now,
  })
  const { database, audit: trail } = context
  const taskOf = (index: number): string => `task_${index % Math.ceil(size / 10)}`
  const subjectOf = (index: number): string => `user_${index % Math.ceil(size / 100)}`
  const resourceOf = (index: number): string => `https://api-${index % 10}.example.com`
  const timeOf = (index: number): number => start + Math.floor((index % size) / 100)

  async function record(index: number): Promise<void> {
    recorded += 1
    const decision = Math.floor(index / 10) % 10 === 0 ? 'deny' : 'allow'
    await trail.record({
      type: decision === 'allow' ? 'delegation.issued' : 'delegation.denied',
      decision,
      reason: { code: decision === 'allow' ? 'allowed' : 'consent_missing', policy: 'billing-readers@3' },
      subject: { id: subjectOf(index), iss: 'https://auth.example.com', profile: 'user' },
      actor: { id: `agent:a${index % 50}`, iss: 'https://auth.example.com', profile: 'ai_agent' },
      client: { id: `client-${index % 50}` },
      mode: 'delegated',
      token: { jti: `${size}-${recorded}`, iat: Math.floor(now()), exp: Math.floor(now()) + 60, grant_id: 'grant_1' },
      requested: { scope: ['billing:read', 'profile:read'] },
      granted: { scope: ['billing:read', 'profile:read'] },
      resource: { aud: resourceOf(index) },
      txn: taskOf(index),
      tool: { name: 'get_billing' },
      purpose: 'answer_billing_question',
    })
  }

  for (let from = 0; from < size; from += batch) {
    await database.transaction(async () => {
      for (let index = from; index < Math.min(from + batch, size); index++) await record(index)
    })
    if ((from / batch) % batches === batches - 1) await trail.checkpoint()
  }
  await database.query('vacuum analyze audit_events')

  return {
    size,
    record,
    taskOf,
    subjectOf,
    resourceOf,
    timeOf,
    search: trail.search,
    verify: trail.verify,
    close: async () => {
      await close()
      await store?.drop()
    },
  }
}

/** An empty database of its own. */
export async function createPostgres(): Promise<{ readonly url: string; readonly drop: () => Promise<void> }> {
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
