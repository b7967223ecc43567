import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { base64url } from 'jose'
import { hashPassword, isPassword } from '../accounts/password.js'
import type { Context } from '../context.js'
import { ConflictError, InvalidInputError, NotFoundError } from '../errors.js'
import type { Client, ClientMetadata, ClientSecret, Clients } from './client.js'
import { createKnownSecrets, isSame } from './known-secrets.js'

interface SecretRow {
  readonly id: string
  readonly hash: string
  readonly created_at: number
  readonly expires_at: number
}

/** So that the next one is in place before the last one goes. */
const mostLive = 2

/** Seconds: two years. */
const longestLifetime = 63_072_000

/** Characters of a secret that the operator chose. */
const shortest = 32
const longest = 200

/** Marks a hash of 32 random bytes, which needs no slow function: nobody can guess them. */
const fast = 'sha256$'

/** The secrets of the clients: only their hashes are kept. */
export function createClientSecrets(
  { database, now }: Pick<Context, 'database' | 'now'>,
  hold: (id: string) => Promise<Client>,
): Pick<Clients, 'addSecret' | 'secrets' | 'removeSecret' | 'isSecret' | 'compareAhead'> {
  const known = createKnownSecrets()
  /** Clients with a slow hash that came by. */
  const slow = new Set<string>()

  async function live(clientId: string): Promise<readonly SecretRow[]> {
    return database.query<SecretRow>(
      `select s.id, s.hash, s.created_at, s.expires_at from client_secrets s join clients c on c.id = s.client_id
       where s.client_id = $1 and s.expires_at > $2 and c.status = 'active' order by s.created_at, s.id`,
      [clientId, now()],
    )
  }

  async function fits(clientId: string, secret: string, { id, hash }: SecretRow): Promise<boolean> {
    if (hash.startsWith(fast)) return isSame(hash, fastHash(secret))
    slow.add(clientId)
    // a slow hash a request would be a load: what was compared once is known again while the process lives
    const before = known.isRight(id, hash, secret)
    if (before !== undefined) return before
    const isRight = await isPassword(secret, hash)
    known.add(id, hash, secret, isRight)
    return isRight
  }

  async function isSecret(clientId: string, secret: string): Promise<boolean> {
    if (secret.length > longest) return false
    // every one is compared, so that the time does not tell which
    const answers = await Promise.all((await live(clientId)).map((row) => fits(clientId, secret, row)))
    return answers.includes(true)
  }

  return {
    addSecret: async (clientId, lifetime, chosen) => {
      if (!Number.isInteger(lifetime) || lifetime < 1 || lifetime > longestLifetime) {
        throw new InvalidInputError(`lifetime: must be whole seconds from 1 to ${longestLifetime}`)
      }
      if (chosen !== undefined && (chosen.length < shortest || chosen.length > longest)) {
        throw new InvalidInputError(`secret: must have ${shortest} to ${longest} characters`)
      }
      const secret = chosen ?? base64url.encode(randomBytes(32))
      const hash = chosen === undefined ? fastHash(secret) : await hashPassword(secret)
      return database.transaction(async () => {
        const { metadata } = await hold(clientId)
        if (!hasSecrets(metadata)) {
          throw new ConflictError(`client ${clientId} does not prove itself by a secret`)
        }
        const time = now()
        await database.query('delete from client_secrets where client_id = $1 and expires_at <= $2', [clientId, time])
        const rows = await database.query('select 1 from client_secrets where client_id = $1', [clientId])
        if (rows.length >= mostLive) throw new ConflictError(`client ${clientId} has ${mostLive} secrets: remove one`)
        const added = { id: randomUUID(), createdAt: time, expiresAt: time + lifetime }
        await database.query(
          'insert into client_secrets (id, client_id, hash, created_at, expires_at) values ($1, $2, $3, $4, $5)',
          [added.id, clientId, hash, added.createdAt, added.expiresAt],
        )
        return { ...added, secret }
      })
    },
    secrets: async (clientId) => {
      const rows = await database.query<SecretRow>(
        'select id, hash, created_at, expires_at from client_secrets where client_id = $1 and expires_at > $2 order by created_at, id',
        [clientId, now()],
      )
      return rows.map(toSecret)
    },
    removeSecret: async (clientId, secretId) => {
      const removed = await database.query('delete from client_secrets where client_id = $1 and id = $2 returning id', [
        clientId,
        secretId,
      ])
      if (removed.length === 0) throw new NotFoundError(`client ${clientId} has no secret ${secretId}`)
    },
    isSecret,
    compareAhead: async (clientId, secret) => {
      if (slow.has(clientId)) await isSecret(clientId, secret)
    },
  }
}

/** Whether a client proves itself by a secret. */
export function hasSecrets({ token_endpoint_auth_method: method }: ClientMetadata): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post'
}

function toSecret({ id, created_at, expires_at }: SecretRow): ClientSecret {
  return { id, createdAt: created_at, expiresAt: expires_at }
}

function fastHash(secret: string): string {
  return fast + createHash('sha256').update(secret).digest('base64url')
}
