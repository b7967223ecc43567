import { writeFile } from 'node:fs/promises'
import { ConfigurationError } from '@behalf/core'

/** Only whoever runs the server reads them. */
const mode = 0o600

/**
 * Writes a file with a secret in it. One of an earlier start is never written over: with its key the database would be lost.
 *
 * @throws ConfigurationError where it is there, or cannot be written
 */
export async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { mode, flag: 'wx' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === '') throw error
    // biome-ignore lint/style/useErrorCause: the message names the file, and a person reads it; the cause adds nothing
    throw new ConfigurationError(file, code === 'EEXIST' ? 'is there already' : `cannot be written: ${code}`)
  }
}
