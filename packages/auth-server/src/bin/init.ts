import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigurationError } from '@behalf/core'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { starter } from './starter.js'

/** Only whoever runs the server reads them. */
const mode = 0o600

const keyId = 'support-1'

/**
 * Writes what a server starts with: a configuration, an encryption key, and the key pair of an agent.
 *
 * @returns what to do next
 * @throws ConfigurationError when one of the files is there
 */
export async function initialize(folder: string): Promise<string> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const own = { kid: keyId, alg: 'ES256' }
  const publicJwk: JWK = { ...(await exportJWK(publicKey)), ...own }
  const privateJwk: JWK = { ...(await exportJWK(privateKey)), ...own }
  const password = randomBytes(12).toString('base64url')

  await mkdir(folder, { recursive: true })
  await write(join(folder, 'encryption.key'), `${randomBytes(32).toString('base64url')}\n`)
  await write(join(folder, 'support-agent.jwk'), `${JSON.stringify(privateJwk, undefined, 2)}\n`)
  const file = join(folder, 'auth.yaml')
  await write(file, starter({ publicJwk, password }))
  return `Written: ${file}, encryption.key, support-agent.jwk (the agent's private key).

  behalf-auth-server ${file}

People sign in as ada, with the password in ${file}.
`
}

/** A file of an earlier start is never written over: with its key the database would be lost. */
async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { mode, flag: 'wx' })
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw isThere ? new ConfigurationError(file, 'is there already') : error
  }
}
