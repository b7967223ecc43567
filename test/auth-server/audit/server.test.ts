import { randomBytes } from 'node:crypto'
import { type AuthServer, createAuthServer } from '@behalf/auth-server'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Client } from 'pg'
import { expect, it } from 'vitest'
import { describeWith, isListening } from '../../support/services.js'
import { issuer } from './support.js'

describeWith('PostgreSQL on 127.0.0.1:5432', await isListening(5432), 'the trail of a server', () => {
  const encryptionKey = randomBytes(32).toString('base64url')

  it('is one for several processes, goes on after a restart, and outlives the keys that signed it', async () => {
    await withDatabase(async (database) => {
      const options = { issuer, database, encryptionKey }
      const one = await createAuthServer({ ...options, instance: 'one' })
      const two = await createAuthServer({ ...options, instance: 'two' })
      await Promise.all([login(one, 3), login(two, 4)])
      await one.close()
      await two.context.keys.rotate('checkpoint')
      const again = await createAuthServer({ ...options, instance: 'one' })
      await login(again, 5)
      await two.close()
      await again.context.audit.checkpoint()
      const { intact, chains } = await again.context.audit.verify()
      expect(intact).toBe(true)
      expect(new Set(chains.map(({ chain }) => chain.split('/')[0]))).toEqual(new Set(['one', 'two']))
      expect(chains.every(({ checkpoints }) => checkpoints > 0)).toBe(true)
      const { events } = await again.context.audit.search({ type: 'login.succeeded' }, { limit: 100 })
      expect(events).toHaveLength(12)
      expect(JSON.stringify(events[0])).toMatch(/"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/)
      await again.close()
    })
  })

  it('believes no key that somebody put into the database', async () => {
    await withDatabase(async (database) => {
      const server = await createAuthServer({ issuer, database, encryptionKey, instance: 'one' })
      await login(server, 3)
      await server.context.audit.checkpoint()
      expect(await server.context.audit.verify()).toMatchObject({ intact: true })

      const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
      const jwk = JSON.stringify({ ...(await exportJWK(publicKey)), kid: 'planted', alg: 'ES256', use: 'sig' })
      const db = server.context.database
      const [end] = await db.query<{ chain: string; seq: number; hash: string }>(
        'select chain, seq, hash from audit_chains',
      )
      const statement = await new SignJWT({ iss: issuer, ...end })
        .setProtectedHeader({ alg: 'ES256', kid: 'planted', typ: 'audit-checkpoint+jwt' })
        .sign(privateKey)
      await db.transaction(async () => {
        await db.query('set local session_replication_role = replica')
        await db.query('update audit_checkpoints set statement = $1 where chain = $2 and seq = $3', [
          statement,
          end?.chain ?? '',
          end?.seq ?? 0,
        ])
        await db.query(
          `insert into signing_keys (key_id, purpose, algorithm, public_jwk, private_jwk, created_at, active_from)
           select 'planted', purpose, algorithm, $1::jsonb, private_jwk, created_at, active_from
           from signing_keys where purpose = 'checkpoint' limit 1`,
          [jwk],
        )
      })
      const { chains } = await server.context.audit.verify()
      expect(chains.find(({ chain }) => chain === end?.chain)?.fault).toEqual({
        seq: end?.seq,
        what: 'forged_checkpoint',
      })
      await server.close()
      await expect(createAuthServer({ issuer, database, encryptionKey })).rejects.toThrow('planted')
    })
  })
})

async function login({ context }: AuthServer, times: number): Promise<void> {
  await Promise.all(
    Array.from({ length: times }, () => context.audit.record({ type: 'login.succeeded', subject: { id: 'ann' } })),
  )
}

async function withDatabase(work: (url: string) => Promise<void>): Promise<void> {
  const server = 'postgres://postgres@127.0.0.1:5432'
  const name = `behalf_audit_${randomBytes(4).toString('hex')}`
  const admin = new Client(`${server}/postgres`)
  await admin.connect()
  await admin.query(`create database ${name}`)
  try {
    await work(`${server}/${name}`)
  } finally {
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  }
}
