import { randomBytes } from 'node:crypto'
import { ConfigurationError } from '@behalf/core'
import { base64url, CompactEncrypt, compactDecrypt, errors } from 'jose'
import type { Context } from '../context.js'
import { first } from '../database/database.js'
import type { Secrets } from './secrets.js'

/** {@link Secrets} that also know how to move to a new encryption key. */
export interface RenewableSecrets extends Secrets {
  /** The same text sealed with the first key; undefined where it is already. */
  renew(sealed: string): Promise<string | undefined>
}

const keyManagementAlgorithms = ['dir']
const contentEncryptionAlgorithms = ['A256GCM']

/** Seals with the first encryption key of the settings and opens with any: JWE (RFC 7516), `dir` with `A256GCM`. */
export function createSecrets({
  database,
  settings,
  now,
}: Pick<Context, 'database' | 'settings' | 'now'>): RenewableSecrets {
  const keys = settings.encryptionKey?.map((key) => base64url.decode(key)) ?? []
  const firstKey = keys[0] ?? new Uint8Array(randomBytes(32))
  const allKeys = [firstKey, ...keys.slice(1)]
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  const known = new Map<string, string>()

  async function seal(text: string): Promise<string> {
    return new CompactEncrypt(encoder.encode(text)).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(firstKey)
  }

  async function openWith(key: Uint8Array, sealed: string): Promise<string | undefined> {
    try {
      const { plaintext } = await compactDecrypt(sealed, key, { keyManagementAlgorithms, contentEncryptionAlgorithms })
      return decoder.decode(plaintext)
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
  }

  async function open(sealed: string): Promise<string> {
    for (const key of allKeys) {
      const text = await openWith(key, sealed)
      if (text !== undefined) return text
    }
    throw new ConfigurationError(
      'encryptionKey',
      'must be the key that the database was used with before, or have it after the first',
    )
  }

  async function renew(sealed: string): Promise<string | undefined> {
    return (await openWith(firstKey, sealed)) === undefined ? seal(await open(sealed)) : undefined
  }

  /** The content names its row, so that one secret cannot be put in the place of another. */
  async function read(name: string): Promise<string> {
    const found = first(
      await database.query<{ content: string }>('select content from server_secrets where name = $1', [name]),
    )
    if (found === undefined) throw new Error(`the shared secret ${name} is gone from the database`)
    const text = await open(found.content)
    const renewed = await renew(found.content)
    if (renewed !== undefined) {
      const values = [name, found.content, renewed]
      await database.query('update server_secrets set content = $3 where name = $1 and content = $2', values)
    }
    if (!text.startsWith(`${name}:`)) throw new Error(`the shared secret ${name} holds another one`)
    return text.slice(name.length + 1)
  }

  async function shared(name: string): Promise<string> {
    const before = known.get(name)
    if (before !== undefined) return before
    const content = await seal(`${name}:${base64url.encode(randomBytes(32))}`)
    await database.query(
      'insert into server_secrets (name, content, created_at) values ($1, $2, $3) on conflict (name) do nothing',
      [name, content, now()],
    )
    const secret = await read(name)
    // what is rolled back never was: only what a later look still finds is remembered
    database.afterCommit(() => {
      read(name).then(
        (kept) => known.set(name, kept),
        () => {},
      )
    })
    return secret
  }

  return { seal, open, renew, shared }
}
