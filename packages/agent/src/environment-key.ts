import { DelegationError } from './errors.js'
import { type KeySource, keyFrom } from './key-source.js'

/** Where a key is looked for when no source is named. */
const defaultKeyVariable = 'BEHALF_AGENT_KEY'

/**
 * A key in an environment variable: a private JWK, or PKCS #8 text.
 *
 * @param name - default `BEHALF_AGENT_KEY`
 */
export function environmentKey(name: string = defaultKeyVariable): KeySource {
  return () => {
    // biome-ignore lint/style/noProcessEnv: the one key source whose name says so
    const text = globalThis.process?.env?.[name]
    if (text === undefined || text === '') {
      const shown = /^[A-Z_a-z]\w{0,63}$/u.test(name) ? name : 'the variable' // who mixes them up gives the key for its name
      throw new DelegationError('key_unavailable', `There is no key: set ${shown}, or give the client a key source.`)
    }
    return keyFrom(text)()
  }
}
