import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { Context } from '../context.js'
import { json } from '../database/database.js'
import type { KeyPurpose } from './signing-key.js'
import { type OpenKey, type StoredKey, toPublicJwk } from './stored-key.js'

interface KeyRow {
  readonly key_id: string
  readonly purpose: KeyPurpose
  readonly algorithm: StoredKey['algorithm']
  readonly private_jwk: string
  readonly created_at: number
  readonly active_from: number
  readonly active_until: number | null
  readonly published_until: number | null
}

/** The keys as rows, where every private part is sealed. */
export interface KeyTable {
  /** One process at a time makes keys of a purpose, until the transaction under way ends. */
  lock(purpose: KeyPurpose): Promise<void>
  /**
   * Every key there is, opened.
   *
   * @param known - keys opened before, so that they are not opened again
   */
  read(known?: readonly OpenKey[]): Promise<readonly OpenKey[]>
  /** Makes a key of the configured algorithm. */
  make(purpose: KeyPurpose, activeFrom: number): Promise<StoredKey>
  /** The one before the newest signs until the newest does, and is published until its last token is gone; null for ever. */
  retire(newest: StoredKey, publishedUntil: number | null): Promise<void>
  /** Every key of a purpose is gone at once. */
  drop(purpose: KeyPurpose): Promise<void>
  /** Deletes keys that are no longer published, and the private part of those that only verify. */
  forget(keys: readonly OpenKey[]): Promise<void>
  /** Seals a key anew after a change of the encryption key. */
  reseal(key: StoredKey, sealed: string): Promise<void>
}

/** Any number, the same in every process, one a purpose. */
const locks: Readonly<Record<KeyPurpose, number>> = { token: 7_261_101, checkpoint: 7_261_102 }

export function createKeyTable({
  database,
  secrets,
  settings,
  now,
}: Pick<Context, 'database' | 'secrets' | 'settings' | 'now'>): KeyTable {
  async function open(key: StoredKey): Promise<OpenKey> {
    const jwk = parseKey(await secrets.open(key.sealed))
    if (jwk.kid !== key.keyId || jwk.alg !== key.algorithm)
      throw new Error(`signing key ${key.keyId} holds another key`)
    return { ...key, jwk }
  }

  async function reseal({ keyId, sealed: before }: StoredKey, sealed: string): Promise<void> {
    const values = [keyId, before, sealed]
    await database.query('update signing_keys set private_jwk = $3 where key_id = $1 and private_jwk = $2', values)
  }

  return {
    lock: async (purpose) => {
      await database.query('select pg_advisory_xact_lock($1)', [locks[purpose]])
    },
    read: async (known = []) => {
      const rows = await database.query<KeyRow>(
        `select key_id, purpose, algorithm, private_jwk, created_at, active_from, active_until, published_until
         from signing_keys order by active_from desc, created_at desc, key_id`,
      )
      return Promise.all(
        rows.map(toKey).map(async (key) => {
          const before = known.find(({ keyId, sealed }) => keyId === key.keyId && sealed === key.sealed)
          return before === undefined ? open(key) : { ...key, jwk: before.jwk }
        }),
      )
    },
    make: async (purpose, activeFrom) => {
      const algorithm = settings.signingAlgorithm
      const createdAt = now()
      const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
      const pair = await exportJWK(privateKey)
      const keyId = await calculateJwkThumbprint(pair)
      const jwk = { ...pair, kid: keyId, alg: algorithm, use: 'sig' }
      const sealed = await secrets.seal(JSON.stringify(jwk))
      await database.query(
        `insert into signing_keys (key_id, purpose, algorithm, public_jwk, private_jwk, created_at, active_from)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [keyId, purpose, algorithm, json(toPublicJwk(jwk)), sealed, createdAt, activeFrom],
      )
      return { keyId, purpose, algorithm, sealed, createdAt, activeFrom, activeUntil: null, publishedUntil: null }
    },
    retire: async ({ keyId, purpose, activeFrom }, publishedUntil) => {
      await database.query(
        `update signing_keys set active_until = $3, published_until = $4
         where purpose = $1 and key_id <> $2 and active_until is null`,
        [purpose, keyId, activeFrom, publishedUntil],
      )
    },
    drop: async (purpose) => {
      await database.query('delete from signing_keys where purpose = $1', [purpose])
    },
    forget: async (keys) => {
      const time = now()
      if (keys.some(({ publishedUntil }) => publishedUntil !== null && publishedUntil <= time)) {
        await database.query('delete from signing_keys where published_until <= $1', [time])
      }
      for (const key of keys) {
        const onlyVerifies = key.publishedUntil === null && key.activeUntil !== null && key.activeUntil <= time
        if (!onlyVerifies || key.jwk.d === undefined) continue
        await reseal(key, await secrets.seal(JSON.stringify(toPublicJwk(key.jwk))))
      }
    },
    reseal,
  }
}

function toKey(row: KeyRow): StoredKey {
  return {
    keyId: row.key_id,
    purpose: row.purpose,
    algorithm: row.algorithm,
    sealed: row.private_jwk,
    createdAt: row.created_at,
    activeFrom: row.active_from,
    activeUntil: row.active_until,
    publishedUntil: row.published_until,
  }
}

/** The text was sealed by this server, so it is what {@link KeyTable.make} wrote. */
function parseKey(text: string): JWK {
  return JSON.parse(text) as JWK
}
