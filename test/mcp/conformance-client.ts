import { createDelegationClient, generatedKey, keyFrom } from '@behalf/agent'
import {
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
} from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { checkResourceAllowed } from '@modelcontextprotocol/sdk/shared/auth-utils.js'
import { z } from 'zod'
import { throughAgent } from './delegated-fetch.js'

// The client that the conformance suite runs: the official MCP client, every request of which goes through `@behalf/agent`.
// The suite calls it with the URL of its MCP server, and tells the rest by environment variables.

const url = new URL(process.argv[2] ?? '')
const { MCP_CONFORMANCE_SCENARIO: scenario = '', MCP_CONFORMANCE_CONTEXT: context = '{}' } = process.env
const given = z.object({ client_id: z.string().optional(), private_key_pem: z.string().optional() })
const { client_id: clientId = 'behalf-agent', private_key_pem: privateKey } = given.parse(JSON.parse(context))

/**
 * What the owner of an agent writes down: its auth server, and what the API is called there. The suite names its auth server
 * nowhere but in the metadata of its API.
 */
async function readOwnersNotes(): Promise<{ readonly serverUrl: string; readonly resource: string }> {
  const refusal = await fetch(url, { method: 'POST' })
  await refusal.body?.cancel()
  const metadata = await discoverOAuthProtectedResourceMetadata(url, extractWWWAuthenticateParams(refusal))
  const isOfUrl = checkResourceAllowed({ requestedResource: url, configuredResource: metadata.resource })
  return { serverUrl: metadata.authorization_servers?.[0] ?? '', resource: isOfUrl ? metadata.resource : url.href }
}

const { serverUrl, resource } = await readOwnersNotes()
const agent = createDelegationClient({
  serverUrl,
  clientId,
  key: privateKey === undefined ? generatedKey(() => {}) : keyFrom(privateKey),
  dpop: scenario.startsWith('auth/dpop'),
})
const client = new Client({ name: 'behalf-agent', version: '1.0.0' })
await client.connect(new StreamableHTTPClientTransport(url, { fetch: throughAgent(agent, { resource }) }))
await client.listTools()
await client.callTool({ name: 'test-tool' })
await client.close()
