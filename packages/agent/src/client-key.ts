import { until } from './bounded.js'
import { DelegationError } from './errors.js'
import type { ClientKey } from './key-source.js'
import type { Settings } from './options.js'

/**
 * Asks the source, within the time limit.
 *
 * @throws DelegationError `key_unavailable`
 */
export async function readKey({ key, timeout }: Settings): Promise<ClientKey> {
  let read: ClientKey
  try {
    read = await until(AbortSignal.timeout(timeout), Promise.resolve(key()))
  } catch (error) {
    if (error instanceof DelegationError) throw error
    // biome-ignore lint/style/useErrorCause: the cause could quote the key
    throw new DelegationError('key_unavailable', 'The key source failed.')
  }
  const { privateKey } = read
  if (privateKey instanceof CryptoKey && privateKey.type === 'private' && privateKey.usages.includes('sign'))
    return read
  throw new DelegationError('key_unavailable', 'The key source must answer with a private CryptoKey that may sign.')
}
