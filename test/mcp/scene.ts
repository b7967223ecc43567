import { createDelegationClient, type DelegationClient, type DelegationClientOptions, keyFrom } from '@behalf/agent'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { createPerson, type Person } from '../auth-server/support/browserless.js'
import { type RunningAuthServer, startAuthServer } from '../auth-server/support/server.js'
import { listenForTools, type ToolServer } from './tool-server.js'

export const callback = 'https://desk.example.com/callback'
export const secretOf = (id: string): string => `the secret of ${id}, which is long enough`
const ada = { subject: 'user_8f2c1d', username: 'ada', name: 'Ada', password: 'correct horse battery staple' }
export const subject: string = ada.subject

/** An auth server, two MCP servers that take its tokens, an application, an agent with two clients, and one person. */
export interface McpScene {
  readonly server: RunningAuthServer
  readonly issuer: string
  readonly tools: ToolServer
  /** Another MCP server, whose tokens are not those of `tools`. */
  readonly notes: ToolServer
  /** The key of the client `agent-key`. */
  readonly privateJwk: JWK
  /** A client of `@behalf/agent` for `agent-key`. */
  agent(options?: Partial<DelegationClientOptions>): DelegationClient
  /** Another browser each time. */
  person(): Person
  close(): Promise<void>
}

/** @param callbacks where the application may be answered beside {@link callback}; and `phone`, which keeps no secret */
export async function openMcp(callbacks: readonly string[] = []): Promise<McpScene> {
  const tools = await listenForTools()
  const notes = await listenForTools()
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const privateJwk = { ...(await exportJWK(privateKey)), kid: 'agent-1' }
  const server = await startAuthServer({ seed: seedOf(tools, notes, await exportJWK(publicKey), callbacks) })
  const { issuer } = server
  tools.open(issuer, { whoami: ['tools:call'], erase: ['tools:call', 'tools:erase'] })
  notes.open(issuer, { whoami: ['notes:read'], erase: ['notes:read'] })
  return {
    server,
    issuer,
    tools,
    notes,
    privateJwk,
    agent: (options) =>
      createDelegationClient({ serverUrl: issuer, clientId: 'agent-key', key: keyFrom(privateJwk), ...options }),
    person: () => createPerson(issuer, ada),
    close: async () => {
      await tools.close()
      await notes.close()
      await server.close()
    },
  }
}

function seedOf(tools: ToolServer, notes: ToolServer, { x = '', y = '' }: JWK, callbacks: readonly string[]) {
  const resourceOf = ({ eventsUrl }: ToolServer, name: string) => ({ name, securityEvents: eventsUrl })
  const permission = ({ url }: ToolServer, words: string) =>
    ({ resource: url.href, words, risk: 'low', consent: 'none' }) as const
  const permissions = {
    'tools:call': permission(tools, 'Call tools'),
    'tools:erase': permission(tools, 'Erase things'),
    'notes:read': permission(notes, 'Read notes'),
  }
  const agent = {
    agent: 'agent:support',
    name: 'Support assistant',
    metadata: {
      grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'] as const,
      redirect_uris: [],
    },
  }
  const bySecret = { token_endpoint_auth_method: 'client_secret_basic' } as const
  const byKey = {
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ kty: 'EC', crv: 'P-256', x, y, alg: 'ES256', kid: 'agent-1' }] },
  } as const
  return {
    policy: {
      schema: 'behalf-policy/1',
      resources: { [tools.url.href]: resourceOf(tools, 'Tools'), [notes.url.href]: resourceOf(notes, 'Notes') },
      permissions,
      roles: { support: { permissions: ['tools:call', 'notes:read'] } },
      rules: [],
    },
    agents: [{ id: 'agent:support', name: 'Support assistant', owner: 'support-team', roles: ['support'] }],
    clients: [
      {
        id: 'desk',
        name: 'Desk',
        metadata: { ...bySecret, grant_types: ['authorization_code'], redirect_uris: [callback, ...callbacks] },
        secret: secretOf('desk'),
      },
      {
        id: 'phone',
        name: 'Phone',
        metadata: {
          token_endpoint_auth_method: 'none',
          grant_types: ['authorization_code'],
          redirect_uris: [callback, ...callbacks],
        },
      },
      { ...agent, id: 'agent-secret', metadata: { ...agent.metadata, ...bySecret }, secret: secretOf('agent-secret') },
      { ...agent, id: 'agent-key', metadata: { ...agent.metadata, ...byKey } },
    ],
    accounts: [{ ...ada, permissions: Object.keys(permissions) }],
  } as const
}
