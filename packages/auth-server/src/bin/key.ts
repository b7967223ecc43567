import { createAgentKey } from './agent-key.js'
import { writeNew } from './new-file.js'

/**
 * Writes a private key for an agent.
 *
 * @returns its public half, a line of JSON: an entry of the client's `jwks.keys`
 * @throws ConfigurationError when the file is there
 */
export async function writeKey(file: string): Promise<string> {
  const { publicJwk, privateJwk } = await createAgentKey()
  await writeNew(file, `${JSON.stringify(privateJwk, undefined, 2)}\n`)
  return `${JSON.stringify(publicJwk)}\n`
}
