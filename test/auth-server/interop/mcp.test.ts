import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGuard, type Guards, getAuth } from '@behalf/express'
import { ClientCredentialsProvider, PrivateKeyJwtProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type InteropScene, openInterop } from './scene.js'

let scene: InteropScene
let tools: Server
let guards: Guards
let url: URL

beforeAll(async () => {
  const app = express()
  tools = createServer(app).listen(0, '127.0.0.1')
  await once(tools, 'listening')
  // what listens on a port has an AddressInfo
  url = new URL(`http://127.0.0.1:${(tools.address() as AddressInfo).port}/mcp`)
  scene = await openInterop([url.href])
  guards = createGuard({ issuer: scene.issuer, audience: url.href })
  app.use(guards.metadata())
  app.post('/mcp', express.json(), guards.requireScope('tools:call'), async (req, res) => {
    const server = new McpServer({ name: 'tools', version: '1.0.0' })
    const { clientId, mode } = getAuth(req)
    server.registerTool('whoami', { description: 'Says who is calling' }, () => ({
      content: [{ type: 'text', text: JSON.stringify({ clientId, mode }) }],
    }))
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
    await server.connect(transport)
    await transport.handleRequest(req, res, req.body)
  })
})
afterAll(async () => {
  tools.closeAllConnections()
  tools.close()
  await guards.resourceServer.close()
  await scene.server.close()
})

/** This version of the SDK asks for what it is configured with, not for what the API's challenge names. */
const scope = 'tools:call'

type Provider = ClientCredentialsProvider | PrivateKeyJwtProvider

async function whoami(authProvider: Provider): Promise<unknown> {
  const client = new Client({ name: 'agent', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(url, { authProvider }))
  try {
    const { content } = await client.callTool({ name: 'whoami' })
    const [{ text }] = content as [{ text: string }]
    return JSON.parse(text)
  } finally {
    await client.close()
  }
}

const bySecret = (clientSecret: string): Provider =>
  new ClientCredentialsProvider({ clientId: 'agent-secret', clientSecret, scope, expectedIssuer: scene.issuer })

const byKey = (clientId: string): Provider =>
  new PrivateKeyJwtProvider({
    clientId,
    privateKey: scene.privateJwk,
    algorithm: 'ES256',
    scope,
    expectedIssuer: scene.issuer,
  })

test('ClientCredentialsProvider of the MCP SDK finds the server, gets a token and calls a tool', async () => {
  const { proof } = scene.clients.client_secret_basic.agent
  const provider = bySecret('secret' in proof ? proof.secret : '')
  expect(await whoami(provider)).toEqual({ clientId: 'agent-secret', mode: 'direct' })
  expect(provider.tokens()).toMatchObject({ token_type: 'Bearer', scope: 'tools:call', expires_in: 300 })
  await expect(whoami(bySecret('not the secret of this client'))).rejects.toThrow('client authentication failed')
})

test('PrivateKeyJwtProvider of the MCP SDK finds the server, gets a token and calls a tool', async () => {
  const provider = byKey('agent-key')
  expect(await whoami(provider)).toEqual({ clientId: 'agent-key', mode: 'direct' })
  expect(provider.tokens()).toMatchObject({ token_type: 'Bearer', scope: 'tools:call' })
  await expect(whoami(byKey('application-key'))).rejects.toMatchObject({ name: 'UnauthorizedClientError' })
})
