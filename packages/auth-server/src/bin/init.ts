import { randomBytes } from 'node:crypto'
import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigurationError } from '@behalf/core'
import { parse } from 'yaml'
import { createAgentKey } from './agent-key.js'
import { readContent } from './configuration.js'
import { writeNew } from './new-file.js'
import { type StarterAddresses, starter } from './starter.js'

/** Bytes of a secret. */
const secretSize = 32

/**
 * Writes what a server starts with: a configuration, an encryption key, the key of an agent, and two clients' secrets. All or nothing.
 *
 * @returns what to do next
 * @throws ConfigurationError when one of the files is there, or an address is none
 */
export async function initialize(folder: string, addresses: StarterAddresses = {}): Promise<string> {
  const { publicJwk, privateJwk } = await createAgentKey('support-1')
  const password = randomBytes(12).toString('base64url')
  const [encryptionKey, apiSecret, operatorSecret] = [createSecret(), createSecret(), createSecret()]
  const file = join(folder, 'auth.yaml')
  const text = starter({ publicJwk, password, apiSecret, operatorSecret }, addresses)
  readContent(file, parse(text))

  const files = {
    'encryption.key': `${encryptionKey}\n`,
    'support-agent.jwk': `${JSON.stringify(privateJwk, undefined, 2)}\n`,
    'billing-api.secret': `${apiSecret}\n`,
    'operator.secret': `${operatorSecret}\n`,
    'auth.yaml': text,
  }
  await mkdir(folder, { recursive: true })
  for (const name of Object.keys(files)) await demandNone(join(folder, name))
  for (const [name, content] of Object.entries(files)) await writeNew(join(folder, name), content)
  return `Written to ${folder}, for your eyes alone:

  auth.yaml            the configuration: one API, one agent, one person (ada; her password is in it), one operator
  encryption.key       seals the keys in the database: keep it, and not beside a copy of the database
  support-agent.jwk    the agent's private key: move it to where the agent runs
  billing-api.secret   the API sends its decisions to the trail with it
  operator.secret      opens the admin API: to read, to withdraw, and for the trail

Next:  npx behalf-auth-server ${file}
`
}

function createSecret(): string {
  return randomBytes(secretSize).toString('base64url')
}

async function demandNone(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  )
  if (isThere) throw new ConfigurationError(file, 'is there already')
}
