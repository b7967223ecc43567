import { type CryptoKey, importJWK, SignJWT } from 'jose'
import type { AuditTrail } from '../audit/audit-trail.js'
import type { Context } from '../context.js'
import type { RenewableSecrets } from './create-secrets.js'
import { createKeyTable } from './key-table.js'
import type { KeyPurpose, SigningKeys } from './signing-key.js'
import {
  isPublished,
  isRotationDue,
  keyInUse,
  nextKey,
  type OpenKey,
  type StoredKey,
  toPublicJwk,
} from './stored-key.js'

/** {@link SigningKeys} with a timer behind them. */
export interface RotatingKeys extends SigningKeys {
  /** Stops the timer. */
  close(): Promise<void>
}

export interface SigningKeysContext extends Pick<Context, 'database' | 'settings' | 'now' | 'log'> {
  readonly secrets: RenewableSecrets
  /** The trail's: it is made on these keys, and so after them. Not called before the keys are there. */
  readonly record: AuditTrail['record']
}

/** Why a key was made. */
type Cause = 'first_key' | 'scheduled' | 'requested' | 'key_leaked'

const purposes: readonly KeyPurpose[] = ['token', 'checkpoint']

/** Milliseconds between two looks at what other processes did. */
const pollInterval = 1_000

/** Seconds without a look after which `sign` looks itself: a process that was cut off must not use a withdrawn key. */
const maxAge = 10

/** Who rotates where nobody asked. */
const schedule = 'schedule'

/** Seconds: the longest delegation token an API can ask for, and what verifiers may cache or be late. */
const longestDelegation = 300
const margin = 600

/**
 * The signing keys of the database, the first ones made where there are none.
 * @throws Error when none of the encryption keys opens the keys of the database
 */
export async function createSigningKeys(context: SigningKeysContext): Promise<RotatingKeys> {
  const { database, settings, now, log, secrets } = context
  const table = createKeyTable(context)
  const listeners: (() => void)[] = []
  const signers = new Map<string, Promise<CryptoKey | Uint8Array>>()
  const overlap = Math.max(longestDelegation, settings.lifetimes.direct, settings.lifetimes.subject) + margin
  let keys: readonly OpenKey[] = []
  let readAt = 0
  let picture = ''
  let isAlgorithmCurrent = false
  let isFailing = false
  let polling: Promise<void> | undefined

  const of = (purpose: KeyPurpose): readonly OpenKey[] => keys.filter((key) => key.purpose === purpose)

  async function refresh(): Promise<void> {
    keys = await table.read(keys)
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

  /** Under the lock it is looked at again whether a key is needed, so that several processes make one. */
  async function make(purpose: KeyPurpose, cause: Cause, by: string): Promise<StoredKey> {
    return database.transaction(async () => {
      await table.lock(purpose)
      const time = now()
      const earlier = (await table.read()).filter((key) => key.purpose === purpose)
      const there = nextKey(earlier, time) ?? keyInUse(earlier, time)
      if (there !== undefined && !isNeeded(earlier, cause)) return there
      if (cause === 'key_leaked') await table.drop(purpose)
      const isAtOnce = cause === 'key_leaked' || cause === 'first_key'
      const made = await table.make(purpose, isAtOnce ? time : time + settings.keys.leadTime)
      await table.retire(made, purpose === 'token' ? made.activeFrom + overlap : null)
      if (cause !== 'first_key') await record(made, earlier, cause, by)
      return made
    })
  }

  function isNeeded(earlier: readonly StoredKey[], cause: Cause): boolean {
    if (cause === 'key_leaked') return true
    if (cause === 'requested') return nextKey(earlier, now()) === undefined
    if (cause === 'first_key') return false
    return isDue(earlier)
  }

  function isDue(list: readonly StoredKey[]): boolean {
    const isOtherAlgorithm = !isAlgorithmCurrent && list[0]?.algorithm !== settings.signingAlgorithm
    return isRotationDue(list, now(), settings.keys) || (isOtherAlgorithm && nextKey(list, now()) === undefined)
  }

  async function record(made: StoredKey, earlier: readonly StoredKey[], cause: Cause, by: string): Promise<void> {
    await context.record({
      type: 'signing_key.rotated',
      decision: 'allow',
      reason: { code: cause },
      change: {
        by,
        before: earlier.map(({ keyId }) => keyId),
        after: { key_id: made.keyId, algorithm: made.algorithm, active_from: made.activeFrom },
      },
      detail: { purpose: made.purpose },
    })
  }

  async function maintain(): Promise<void> {
    await refresh()
    const due = purposes.filter((purpose) => isDue(of(purpose)))
    for (const purpose of due) await make(purpose, 'scheduled', schedule)
    isAlgorithmCurrent = true
    await table.forget(keys)
    if (due.length > 0) await refresh()
  }

  function poll(): void {
    polling ??= maintain()
      .then(() => {
        isFailing = false
      })
      .catch((error: unknown) => {
        if (!isFailing) log.error({ err: error }, 'signing keys cannot be read: those known are used until then')
        isFailing = true
      })
      .finally(() => {
        polling = undefined
      })
  }

  async function current(purpose: KeyPurpose): Promise<OpenKey> {
    const isFresh = Math.abs(now() - readAt) <= maxAge
    if (!isFresh || keyInUse(of(purpose), now()) === undefined) await refresh()
    const key = keyInUse(of(purpose), now())
    if (key === undefined) throw new Error(`no ${purpose} key is in use`)
    return key
  }

  function signerOf({ keyId, jwk, algorithm }: OpenKey): Promise<CryptoKey | Uint8Array> {
    const signer = signers.get(keyId) ?? importJWK(jwk, algorithm)
    signers.set(keyId, signer)
    return signer
  }

  for (const purpose of purposes) await make(purpose, 'first_key', schedule)
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
      const { keyId, activeFrom } = await make(purpose, isLeaked ? 'key_leaked' : 'requested', by)
      let refreshed: Promise<void> | undefined
      database.afterCommit(() => {
        refreshed = refresh().catch((error: unknown) => log.error({ err: error }, 'signing keys cannot be read'))
      })
      await refreshed
      return { keyId, activeFrom }
    },
    list: async () => (await table.read(keys)).map(({ jwk: _, sealed: __, ...times }) => times),
    onChange: (listener) => {
      listeners.push(listener)
    },
    close: async () => {
      clearInterval(timer)
      await polling
    },
  }
}
