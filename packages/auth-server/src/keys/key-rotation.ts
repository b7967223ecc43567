import type { AuditTrail } from '../audit/audit-trail.js'
import type { Context } from '../context.js'
import type { KeyTable } from './key-table.js'
import type { KeyPurpose } from './signing-key.js'
import { keyInUse, nextKey, type StoredKey } from './stored-key.js'

/** Why a key is made. */
export type Cause = 'first_key' | 'scheduled' | 'requested' | 'key_leaked'

/** Who rotates where nobody asked. */
export const schedule = 'schedule'

/** Seconds: the longest delegation token an API can ask for, and what verifiers may cache or be late. */
const longestDelegation = 300
const margin = 600

/** Makes keys, one process at a time. */
export interface KeyRotation {
  /** Whether it is time to publish the next key, by the keys of one purpose. */
  isDue(keys: readonly StoredKey[]): boolean
  /** The algorithm of the configuration was looked at: from now on only time makes a rotation due. */
  acceptAlgorithm(): void
  /** Makes a key where the cause still asks for one; otherwise answers the one that is there. */
  make(purpose: KeyPurpose, cause: Cause, by: string): Promise<StoredKey>
}

export function createKeyRotation({
  database,
  settings,
  now,
  record,
  table,
}: Pick<Context, 'database' | 'settings' | 'now'> & {
  readonly record: AuditTrail['record']
  readonly table: KeyTable
}): KeyRotation {
  const { rotateEvery, leadTime } = settings.keys
  const overlap = Math.max(longestDelegation, settings.lifetimes.direct, settings.lifetimes.subject) + margin
  let isAlgorithmAccepted = false

  function isDue(keys: readonly StoredKey[]): boolean {
    const time = now()
    const current = keyInUse(keys, time)
    if (current === undefined) return true
    if (nextKey(keys, time) !== undefined) return false
    const isOtherAlgorithm = !isAlgorithmAccepted && current.algorithm !== settings.signingAlgorithm
    return isOtherAlgorithm || time >= current.activeFrom + rotateEvery - leadTime
  }

  function isNeeded(keys: readonly StoredKey[], cause: Cause): boolean {
    if (keys.length === 0 || cause === 'key_leaked') return true
    if (cause === 'first_key') return false
    return cause === 'requested' ? nextKey(keys, now()) === undefined : isDue(keys)
  }

  async function tell(made: StoredKey, earlier: readonly StoredKey[], cause: Cause, by: string): Promise<void> {
    await record({
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

  return {
    isDue,
    acceptAlgorithm: () => {
      isAlgorithmAccepted = true
    },
    make: (purpose, cause, by) =>
      database.transaction(async () => {
        await table.lock(purpose)
        // another process may have made it while this one waited
        const earlier = (await table.read()).filter((key) => key.purpose === purpose)
        const there = nextKey(earlier, now()) ?? keyInUse(earlier, now())
        if (there !== undefined && !isNeeded(earlier, cause)) return there
        if (cause === 'key_leaked') await table.drop(purpose)
        const isAtOnce = cause === 'key_leaked' || earlier.length === 0
        const made = await table.make(purpose, isAtOnce ? now() : now() + leadTime)
        // a checkpoint has to be verified for ever
        await table.retire(made, purpose === 'token' ? made.activeFrom + overlap : null)
        if (cause !== 'first_key') await tell(made, earlier, cause, by)
        return made
      }),
  }
}
