import { readFile } from 'node:fs/promises'
import { DelegationError } from './errors.js'
import { type KeySource, keyFrom } from './key-source.js'

/** A key in a file: a private JWK, or PKCS #8 text. Read again when the server refuses the key, so that it can be replaced. */
export function fileKey(path: string): KeySource {
  return async () => {
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      // biome-ignore lint/style/useErrorCause: the cause quotes the path, and who mixes them up gives the key for its path
      throw new DelegationError('key_unavailable', 'The key file cannot be read.', { cause: codeOf(error) })
    }
    return keyFrom(text)()
  }
}

/** `ENOENT` and the like. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
