import { ClientCredentialsProvider, PrivateKeyJwtProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import {
  StreamableHTTPClientTransport,
  type StreamableHTTPClientTransportOptions,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Application, createApplication } from '../../mcp/application.js'
import { throughAgent } from '../../mcp/delegated-fetch.js'
import { callback, type McpScene, openMcp, secretOf, subject } from '../../mcp/scene.js'
import type { ToolServer } from '../../mcp/tool-server.js'
import { createOauth4webapi } from './oauth4webapi.js'

let scene: McpScene
beforeAll(async () => {
  scene = await openMcp()
})
afterAll(() => scene.close())

/** A client of the MCP SDK as it is. */
interface Session {
  readonly client: Client
  readonly transport: StreamableHTTPClientTransport
  /** What a tool answers. */
  call(name: 'whoami' | 'erase'): Promise<unknown>
}

function open(options: StreamableHTTPClientTransportOptions, { url }: ToolServer = scene.tools): Session {
  const client = new Client({ name: 'agent', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(url, options)
  onTestFinished(() => client.close())
  return {
    client,
    transport,
    call: async (name) => {
      const { content } = await client.callTool({ name })
      // both tools answer one text, which is JSON
      const [{ text }] = content as [{ text: string }]
      return JSON.parse(text)
    },
  }
}

async function connect(options: StreamableHTTPClientTransportOptions, server?: ToolServer): Promise<Session> {
  const session = open(options, server)
  await session.client.connect(session.transport)
  return session
}

/** Connects an application whose person signs in where the MCP client sends them. */
async function signIn(application: Application): Promise<Session> {
  const refused = open({ authProvider: application })
  await expect(refused.client.connect(refused.transport)).rejects.toMatchObject({ message: 'Unauthorized' })
  await refused.transport.finishAuth(await application.answer())
  return connect({ authProvider: application })
}

/** A token of the person that exists to be exchanged, from the application they signed in at. */
async function subjectToken(): Promise<string> {
  const client = { id: 'desk', proof: { secret: secretOf('desk') } }
  const desk = await createOauth4webapi({ issuer: scene.issuer, client, callback, dpop: false })
  const begun = await desk.begin({ scope: 'openid tools:call' }, 'in the URL')
  const { answer } = await scene.person().authorize(begun.url)
  return (await begun.finish(answer)).access_token
}

const withdraw = async (token: string): Promise<void> => {
  const inForce = scene.tools.withdrawal()
  const value = decodeJwt(token).jti ?? ''
  await scene.server.context.revocations.withdraw({ kind: 'token', value, reason: 'no longer needed', by: 'a test' })
  await inForce
}
const bearer = (token: string): StreamableHTTPClientTransportOptions => ({
  requestInit: { headers: { Authorization: `Bearer ${token}` } },
})
const tokenOf = async (provider: Application | ClientCredentialsProvider): Promise<string> =>
  (await provider.tokens())?.access_token ?? ''

const scope = 'tools:call'
const bySecret = (clientSecret = secretOf('agent-secret')): ClientCredentialsProvider =>
  new ClientCredentialsProvider({ clientId: 'agent-secret', clientSecret, scope, expectedIssuer: scene.issuer })
const byKey = (clientId: string): PrivateKeyJwtProvider =>
  new PrivateKeyJwtProvider({
    clientId,
    privateKey: { ...scene.privateJwk },
    algorithm: 'ES256',
    scope,
    expectedIssuer: scene.issuer,
  })

describe('an agent that acts for itself', () => {
  const itself = { mode: 'direct', scopes: ['tools:call'] }

  test('ClientCredentialsProvider of the MCP SDK finds the server, gets a token and calls a tool', async () => {
    const provider = bySecret()
    const { call } = await connect({ authProvider: provider })
    expect(await call('whoami')).toMatchObject({ ...itself, clientId: 'agent-secret' })
    expect(provider.tokens()).toMatchObject({ token_type: 'Bearer', scope, expires_in: 300 })
    const stranger = bySecret('not the secret of this client')
    await expect(connect({ authProvider: stranger })).rejects.toThrow('client authentication failed')
  })

  test('PrivateKeyJwtProvider of the MCP SDK finds the server, gets a token and calls a tool', async () => {
    const provider = byKey('agent-key')
    const { call } = await connect({ authProvider: provider })
    expect(await call('whoami')).toMatchObject({ ...itself, clientId: 'agent-key' })
    expect(provider.tokens()).toMatchObject({ token_type: 'Bearer', scope })
    await expect(connect({ authProvider: byKey('desk') })).rejects.toThrow('client authentication failed')
  })

  test('@behalf/agent as the fetch of the transport: bound to a key', async () => {
    const agent = scene.agent()
    const request = { resource: scene.tools.url.href, scope }
    const { call } = await connect({ fetch: throughAgent(agent, request) })
    expect(await call('whoami')).toMatchObject({ ...itself, clientId: 'agent-key' })
    const { accessToken, tokenType } = await agent.getDelegationToken(request)
    expect(tokenType).toBe('DPoP')
    await expect(connect(bearer(accessToken))).rejects.toThrow('binding_required')
  })
})

describe('a person', () => {
  test('signs in where the MCP client sends them, which it learns from the refusal alone', async () => {
    const application = createApplication(scene.person(), scene.issuer)
    const before = scene.tools.requests.length
    const { call } = await signIn(application)
    expect(scene.tools.requests.slice(before, before + 2)).toEqual([
      'POST /mcp 401',
      'GET /.well-known/oauth-protected-resource/mcp 200',
    ])
    const [asked] = application.asked
    expect(asked?.origin).toBe(scene.issuer)
    expect(Object.fromEntries(asked?.searchParams ?? [])).toMatchObject({
      resource: scene.tools.url.href,
      scope, // of the metadata, for the refusal of a request without a token names none
      code_challenge_method: 'S256',
    })
    expect(await call('whoami')).toMatchObject({ mode: 'direct', subject, clientId: 'desk', scopes: [scope] })
  })

  test('who says no is asked again, and the application has nothing until then', async () => {
    const application = createApplication(scene.person(), scene.issuer)
    const refused = open({ authProvider: application })
    await expect(refused.client.connect(refused.transport)).rejects.toThrow('Unauthorized')
    await expect(application.answer('deny')).rejects.toThrow('access_denied')
    expect(await application.tokens()).toBeUndefined()
    const { call } = await signIn(application)
    expect(await call('whoami')).toMatchObject({ subject })
  })

  test('is named by the token of an agent, and so is the agent: @behalf/agent exchanges it', async () => {
    const request = { resource: scene.tools.url.href, scope, subjectToken: await subjectToken() }
    const { call } = await connect({ fetch: throughAgent(scene.agent(), request) })
    expect(await call('whoami')).toMatchObject({
      mode: 'delegated',
      subject,
      actor: { subject: 'agent:support' },
      clientId: 'agent-key',
      scopes: [scope],
    })
    const stolen = { ...request, subjectToken: `${request.subjectToken}x` }
    await expect(connect({ fetch: throughAgent(scene.agent(), stolen) })).rejects.toMatchObject({
      name: 'DelegationError',
    })
  })
})

describe('a token for another MCP server', () => {
  test('is refused; @behalf/agent does not even send it', async () => {
    const request = { resource: scene.notes.url.href, scope: 'notes:read' }
    const token = await scene.agent({ dpop: false }).getDelegationToken(request)
    const { call } = await connect(bearer(token.accessToken), scene.notes)
    expect(await call('whoami')).toMatchObject({ clientId: 'agent-key' })
    await expect(connect(bearer(token.accessToken))).rejects.toThrow('audience_mismatch')
    const before = scene.tools.requests.length
    await expect(connect({ fetch: throughAgent(scene.agent(), request) })).rejects.toThrow('the origin of its API')
    expect(scene.tools.requests.length).toBe(before)
    const { call: callBound } = await connect({ fetch: throughAgent(scene.agent(), request) }, scene.notes)
    expect(await callBound('whoami')).toMatchObject({ clientId: 'agent-key' })
  })
})

describe('a tool that needs more than the token has', () => {
  test('is called once the person allowed it: the MCP client asks for what the challenge names', async () => {
    const application = createApplication(scene.person(), scene.issuer)
    const { call, transport } = await signIn(application)
    await expect(call('erase')).rejects.toThrow('Unauthorized')
    expect(application.asked.map(({ searchParams }) => searchParams.get('scope'))).toEqual([
      'tools:call',
      'tools:call tools:erase',
    ])
    await transport.finishAuth(await application.answer())
    expect(await call('erase')).toBe('erased')
    expect(await call('whoami')).toMatchObject({ subject, scopes: ['tools:call', 'tools:erase'] })
  })

  test('is refused to an agent that may not: the MCP client asks once more, and gives up', async () => {
    const { call } = await connect({ authProvider: bySecret() })
    await expect(call('erase')).rejects.toThrow('Server returned 403 after trying upscoping')
    expect(await call('whoami')).toMatchObject({ clientId: 'agent-secret' })
  })

  test('is refused to @behalf/agent, for which a 403 is final, as is asking the auth server for more', async () => {
    const request = { resource: scene.tools.url.href, subjectToken: await subjectToken() }
    const { call } = await connect({ fetch: throughAgent(scene.agent(), { ...request, scope }) })
    const before = scene.tools.requests.length
    await expect(call('erase')).rejects.toThrow('scope_insufficient')
    expect(scene.tools.requests.slice(before).filter((line) => line.startsWith('POST'))).toEqual(['POST /mcp 403'])
    expect(await call('whoami')).toMatchObject({ subject })
    const more = { ...request, scope: ['tools:call', 'tools:erase'] }
    await expect(connect({ fetch: throughAgent(scene.agent(), more) })).rejects.toMatchObject({ code: 'invalid_scope' })
  })
})

describe('a token that is withdrawn while it is used', () => {
  test('of a person: they are asked again', async () => {
    const application = createApplication(scene.person(), scene.issuer)
    const { call, transport } = await signIn(application)
    expect(await call('whoami')).toMatchObject({ subject })
    await withdraw(await tokenOf(application))
    await expect(call('whoami')).rejects.toThrow('Unauthorized')
    await transport.finishAuth(await application.answer())
    expect(await call('whoami')).toMatchObject({ subject })
  })

  test('of an agent: the MCP client gets another, while the agent may have one', async () => {
    const provider = bySecret()
    const { call } = await connect({ authProvider: provider })
    const first = await tokenOf(provider)
    await withdraw(first)
    await expect(connect(bearer(first))).rejects.toThrow('token_revoked')
    expect(await call('whoami')).toMatchObject({ clientId: 'agent-secret' })
    expect(await tokenOf(provider)).not.toBe(first)
  })

  test('of a person whom an agent acts for: @behalf/agent gets another, until theirs is withdrawn too', async () => {
    const token = await subjectToken()
    const agent = scene.agent()
    const request = { resource: scene.tools.url.href, scope, subjectToken: token }
    const { call } = await connect({ fetch: throughAgent(agent, request) })
    const { accessToken } = await agent.getDelegationToken(request)
    await withdraw(accessToken)
    expect(await call('whoami')).toMatchObject({ subject, actor: { subject: 'agent:support' } })
    expect((await agent.getDelegationToken(request)).accessToken).not.toBe(accessToken)
    await withdraw(token)
    await expect(call('whoami')).rejects.toMatchObject({ name: 'DelegationError', code: 'invalid_request' })
  })
})
