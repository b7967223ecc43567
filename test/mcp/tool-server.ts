import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRevocationList } from '@behalf/core'
import { createGuard } from '@behalf/express'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import express from 'express'

/** An MCP server on a port, behind Behalf's guard. */
export interface ToolServer {
  /** Its MCP endpoint, which is also the audience of its tokens. */
  readonly url: URL
  /** Where it hears of withdrawals. */
  readonly eventsUrl: string
  /** Everything it was asked, oldest first: method, path and status. */
  readonly requests: readonly string[]
  /** Answers from now on, to tokens of this issuer. */
  open(issuer: string, scopes: ToolScopes): void
  /** Waits for the next withdrawal to be in force. */
  withdrawal(): Promise<void>
  close(): Promise<void>
}

/** What each tool demands of a token. */
export type ToolScopes = Readonly<Record<'whoami' | 'erase', readonly [string, ...string[]]>>

/** Listens, so that its URL is known; {@link ToolServer.open} makes it an MCP server. */
export async function listenForTools(): Promise<ToolServer> {
  const app = express()
  const requests: string[] = []
  app.use((req, res, next) => {
    res.on('finish', () => requests.push(`${req.method} ${req.path} ${res.statusCode}`))
    next()
  })
  const http = createServer(app).listen(0, '127.0.0.1')
  await once(http, 'listening')
  // what listens on a port has an AddressInfo
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const url = new URL('/mcp', origin)
  let heard = (): void => {}
  let end = async (): Promise<void> => {}

  return {
    url,
    eventsUrl: `${origin}/events`,
    requests,
    open: (issuer, scopes) => {
      const revocations = createRevocationList()
      const guards = createGuard({
        issuer,
        audience: url.href,
        revocation: revocations,
        securityEvents: { revocations, onEvent: () => heard() },
      })
      end = () => guards.resourceServer.close()
      app.use(guards.metadata())
      app.post('/events', guards.securityEvents())
      // every call needs the first scope, which the metadata tells; what a tool needs beside it is known by its name
      app.post('/mcp', express.json(), guards.requireScope(...scopes.whoami))
      app.post(
        '/mcp',
        guards.protect(({ body }) => ({ scope: toolOf(body) === 'erase' ? scopes.erase : scopes.whoami })),
        async (req, res) => {
          const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
          await createTools().connect(transport)
          await transport.handleRequest(req, res, req.body)
        },
      )
      app.all('/mcp', (_req, res) => {
        res.sendStatus(405)
      })
    },
    withdrawal: () =>
      new Promise((resolve) => {
        heard = resolve
      }),
    close: async () => {
      http.closeAllConnections()
      http.close()
      await end()
    },
  }
}

/** The tools as any MCP server would write them: they read who is calling, and know nothing of guards. */
function createTools(): McpServer {
  const server = new McpServer({ name: 'tools', version: '1.0.0' })
  server.registerTool('whoami', { description: 'Says who is calling' }, ({ authInfo }) => ({
    content: [{ type: 'text', text: JSON.stringify({ ...authInfo, claims: undefined, expiresAt: undefined }) }],
  }))
  server.registerTool('erase', { description: 'Erases something' }, () => ({
    content: [{ type: 'text', text: '"erased"' }],
  }))
  return server
}

function toolOf(body: unknown): string | undefined {
  const { success, data } = CallToolRequestSchema.safeParse(body)
  return success ? data.params.name : undefined
}
