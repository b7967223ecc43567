import { type CryptoKey, importJWK, SignJWT } from 'jose'
import type { AuditTrail } from '../audit/audit-trail.js'
import type { Context } from '../context.js'
import type { RenewableSecrets } from './create-secrets.js'
import { createKeyRotation, schedule } from './key-rotation.js'
import { createKeyTable } from './key-table.js'
import type { KeyPurpose, SigningKeys } from './signing-key.js'
import { isPublished, keyInUse, type OpenKey, toPublicJwk } from './stored-key.js'

/** {@link SigningKeys} with a timer behind them. */
export interface RotatingKeys extends SigningKeys {
  /** Stops the timer. */
  close(): Promise<void>
}

/** What the keys are made of. */
export interface SigningKeysContext extends Pick<Context, 'database' | 'settings' | 'now' | 'log'> {
  readonly secrets: RenewableSecrets
  /** The trail's: it is made on these keys, and so after them. Not called before the keys are there. */
  readonly record: AuditTrail['record']
}

const purposes: readonly KeyPurpose[] = ['token', 'checkpoint']

/** Milliseconds between two looks at what other processes did. */
const pollInterval = 1_000

/** Seconds without a look after which `sign` looks itself: a process that was cut off must not use a withdrawn key. */
const maxAge = 10

/**
 * The signing keys of the database, the first ones made where there are none.
 *
 * @throws ConfigurationError when none of the encryption keys opens the keys of the database
 */
export async function createSigningKeys(context: SigningKeysContext): Promise<RotatingKeys> {
  const { database, now, log, secrets } = context
  const table = createKeyTable(context)
  const rotation = createKeyRotation({ ...context, table })
  const listeners: (() => void)[] = []
  const signers = new Map<string, Promise<CryptoKey | Uint8Array>>()
  let keys: readonly OpenKey[] = []
  let readAt = 0
  let looks = 0
  let newestLook = 0
  let picture = ''
  let isFailing = false
  let polling: Promise<void> | undefined

  const of = (purpose: KeyPurpose): readonly OpenKey[] => keys.filter((key) => key.purpose === purpose)

  async function refresh(): Promise<void> {
    looks += 1
    const look = looks
    const found = await table.read(keys)
    // what was asked for earlier and comes later is older
    if (look < newestLook) return
    newestLook = look
    keys = found
    readAt = now()
    for (const keyId of signers.keys()) if (!keys.some((key) => key.keyId === keyId)) signers.delete(keyId)
    const seen = describe()
    if (seen === picture) return
    picture = seen
    for (const listener of listeners) listener()
  }

  /** What listeners are told changes of: which keys there are, and which are in use. */
  function describe(): string {
    const time = now()
    return purposes
      .map((purpose) => [keyInUse(of(purpose), time), ...of(purpose).filter((key) => isPublished(key, time))])
      .map((list) => list.map((key) => key?.keyId).join(' '))
      .join(', ')
  }

  async function maintain(): Promise<void> {
    await refresh()
    const due = purposes.filter((purpose) => rotation.isDue(of(purpose)))
    for (const purpose of due) await rotation.make(purpose, 'scheduled', schedule)
    rotation.acceptAlgorithm()
    await table.forget(keys)
    if (due.length > 0) await refresh()
  }

  function poll(): void {
    polling ??= maintain()
      .then(() => {
        isFailing = false
      })
      .catch((error: unknown) => {
        if (!isFailing) log.error({ err: error }, 'signing keys cannot be read: those known stay in use until then')
        isFailing = true
      })
      .finally(() => {
        polling = undefined
      })
  }

  async function current(purpose: KeyPurpose): Promise<OpenKey> {
    if (Math.abs(now() - readAt) > maxAge) await refresh()
    const key = keyInUse(of(purpose), now())
    if (key === undefined) throw new Error(`there is no ${purpose} key`)
    return key
  }

  function signerOf({ keyId, jwk, algorithm }: OpenKey): Promise<CryptoKey | Uint8Array> {
    const signer = signers.get(keyId) ?? importJWK(jwk, algorithm)
    signers.set(keyId, signer)
    return signer
  }

  for (const purpose of purposes) await rotation.make(purpose, 'first_key', schedule)
  await refresh()
  for (const key of keys) {
    const sealed = await secrets.renew(key.sealed)
    if (sealed !== undefined) await table.reseal(key, sealed)
  }
  const timer = setInterval(poll, pollInterval).unref()

  return {
    sign: async (purpose, { typ }, claims) => {
      const key = await current(purpose)
      const header = { alg: key.algorithm, kid: key.keyId, typ }
      return new SignJWT(claims).setProtectedHeader(header).sign(await signerOf(key))
    },
    published: async (purpose) => {
      const time = now()
      return of(purpose)
        .filter((key) => isPublished(key, time))
        .map(({ jwk }) => toPublicJwk(jwk))
    },
    privateKeys: async () => {
      const inUse = await current('token')
      const others = of('token').filter((key) => key.keyId !== inUse.keyId && isPublished(key, now()))
      return [inUse, ...others].map(({ jwk }) => jwk)
    },
    rotate: async (purpose, isLeaked = false, by = schedule) => {
      const { keyId, activeFrom } = await rotation.make(purpose, isLeaked ? 'key_leaked' : 'requested', by)
      let refreshed: Promise<void> | undefined
      database.afterCommit(() => {
        refreshed = refresh().catch((error: unknown) => log.error({ err: error }, 'signing keys cannot be read'))
      })
      await refreshed
      return { keyId, activeFrom }
    },
    list: async () =>
      (await table.read(keys)).map(
        ({ keyId, purpose, algorithm, createdAt, activeFrom, activeUntil, publishedUntil }) => ({
          keyId,
          purpose,
          algorithm,
          createdAt,
          activeFrom,
          activeUntil,
          publishedUntil,
        }),
      ),
    onChange: (listener) => {
      listeners.push(listener)
    },
    close: async () => {
      clearInterval(timer)
      await polling
    },
  }
}
