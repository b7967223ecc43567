import { readFile } from 'node:fs/promises'
import { DelegationError } from './errors.js'
import { type KeySource, keyFrom } from './key-source.js'

/** A key in a file: a private JWK, or PKCS #8 text. Read again when the server refuses the key, so that it can be replaced. */
export function fileKey(path: string): KeySource {
  return async () => {
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (cause) {
      // biome-ignore lint/style/useErrorCause: it is passed, as an option among others
      throw new DelegationError('key_unavailable', `The key file ${path} cannot be read.`, { cause })
    }
    return keyFrom(text)()
  }
}
