import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createResourceServer, type Principal, type ResourceServer } from '@behalf/core'
import { createGuard, getAuth } from '@behalf/express'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import type { OAuthTokenVerifier } from '@modelcontextprotocol/sdk/server/auth/provider.js'
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express, { type Express, type RequestHandler } from 'express'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type AuthorizationServer, audiences, createAuthorizationServer } from './authorization-server.js'

interface BearerAuth {
  requireBearerAuth(options: { verifier: OAuthTokenVerifier; requiredScopes: string[] }): RequestHandler
}
// imported by a name that is not a literal: its types would declare `req.auth` for every test of this project
const bearerAuth: string = '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
const { requireBearerAuth } = (await import(bearerAuth)) as BearerAuth

let issuer: AuthorizationServer
let resourceServer: ResourceServer

beforeAll(async () => {
  issuer = await createAuthorizationServer()
  resourceServer = createResourceServer({ issuer: issuer.issuer, audience: audiences.ES256 })
})
afterAll(async () => {
  await resourceServer.close()
  await issuer.close()
})

const listen = async (app: Express): Promise<URL> => {
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
}

/** The principal of a token, as a verifier for MCP's own middleware. */
const verifier: OAuthTokenVerifier = {
  verifyAccessToken: async (token): Promise<AuthInfo> => {
    const headers = new Headers({ Authorization: `Bearer ${token}` })
    const decision = await resourceServer.authorize({ method: 'POST', url: '/mcp', headers })
    if (!decision.allowed) throw new InvalidTokenError(decision.error.description)
    return decision.principal
  },
}

test("MCP's own bearer middleware takes a Principal for its AuthInfo", async () => {
  const app = express()
  app.get('/mcp', requireBearerAuth({ verifier, requiredScopes: ['billing:read'] }), (req, res) => {
    const auth: unknown = req.auth
    const { token, clientId, scopes, expiresAt, subject } = auth as AuthInfo & Principal
    res.json({ token, clientId, scopes, expiresAt, subject })
  })
  const url = await listen(app)
  const token = await issuer.delegated('ES256', 'user_1', 'agent:support')
  const good = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
  expect(good.status).toBe(200)
  expect(await good.json()).toMatchObject({
    token,
    clientId: 'agent-support',
    scopes: ['billing:read'],
    subject: 'user_1',
  })
  const other = await issuer.delegated('RS256', 'user_1', 'agent:support')
  expect((await fetch(url, { headers: { Authorization: `Bearer ${other}` } })).status).toBe(401)
  const narrow = await issuer.delegated('ES256', 'user_1', 'agent:support', 'refunds:write')
  expect((await fetch(url, { headers: { Authorization: `Bearer ${narrow}` } })).status).toBe(403)
})

test("a tool of an MCP server behind Behalf's guard knows who calls, for whom, through which agent", async () => {
  const { requireScope } = createGuard(resourceServer)
  const app = express()
  app.post('/mcp', express.json(), requireScope('billing:read'), async (req, res) => {
    const server = new McpServer({ name: 'billing', version: '1.0.0' })
    server.registerTool('whoami', { description: 'Says who is calling' }, ({ authInfo }) => {
      const auth = authInfo as Principal | undefined
      const text = JSON.stringify({
        client: auth?.clientId,
        subject: auth?.subject,
        actor: auth?.actor?.subject,
        token: auth?.token,
      })
      return { content: [{ type: 'text', text }] }
    })
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
    await server.connect(transport)
    await transport.handleRequest(Object.assign(req, { auth: getAuth(req) satisfies AuthInfo }), res, req.body)
  })
  const url = await listen(app)
  const token = await issuer.delegated('ES256', 'user_1', 'agent:support')

  const client = new Client({ name: 'agent', version: '1.0.0' })
  await client.connect(
    new StreamableHTTPClientTransport(url, { requestInit: { headers: { Authorization: `Bearer ${token}` } } }),
  )
  onTestFinished(() => client.close())
  const result = await client.callTool({ name: 'whoami' })
  const [content] = result.content as [{ text: string }]
  expect(JSON.parse(content.text)).toEqual({
    client: 'agent-support',
    subject: 'user_1',
    actor: 'agent:support',
    token,
  })

  const stranger = new Client({ name: 'agent', version: '1.0.0' })
  const bad = new StreamableHTTPClientTransport(url, { requestInit: { headers: { Authorization: 'Bearer garbage' } } })
  await expect(stranger.connect(bad)).rejects.toThrow(/401|token/i)
})
