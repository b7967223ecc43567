import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDelegationClient } from '@behalf/agent'
import { createScriptedModel } from '@behalf/example-agent'
import { createGuard, getAuth } from '@behalf/express'
import { delegatedTool, onBehalfOf } from '@behalf/langchain'
import { Command, MemorySaver } from '@langchain/langgraph'
import express from 'express'
import { type CryptoKey, decodeJwt, exportJWK, generateKeyPair } from 'jose'
import { createAgent } from 'langchain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type RunningAuthServer, startAuthServer } from '../auth-server/support/server.js'
import { runOf } from './run.js'
import { call } from './scene.js'

let http: Server
let guard: ReturnType<typeof createGuard>
let authServer: RunningAuthServer
let agent: ReturnType<typeof createApprover>
const got: IncomingHttpHeaders[] = []
const paid = '{"paid":true,"for":"ada"}'

function createApprover(clientOf: { readonly serverUrl: string; readonly privateKey: CryptoKey }, resource: string) {
  const { serverUrl, privateKey } = clientOf
  const client = createDelegationClient({ serverUrl, clientId: 'app_pay', key: () => ({ privateKey }) })
  const pay = delegatedTool(
    async ({ amount }, { fetch }) => (await fetch('/payments', { method: 'POST', body: String(amount) })).text(),
    { name: 'pay', description: 'Pays.', schema: z.object({ amount: z.int() }), delegation: { client, resource } },
  )
  return (checkpointer: MemorySaver) =>
    createAgent({
      model: createScriptedModel([[call('call_1', 'pay', { amount: 5 })], [call('call_2', 'pay', { amount: 6 })]]),
      tools: [pay],
      checkpointer,
    })
}

async function tokenOf(authTime: number): Promise<string> {
  const { context, issuer } = authServer
  const { token } = await context.tokens.issue({
    parentId: null,
    kind: 'subject',
    subject: 'ada',
    agentId: null,
    clientId: 'app_pay',
    resource: issuer,
    scope: ['pay'],
    transaction: null,
    sessionId: 'session-1',
    grantId: null,
    protocolGrantId: null,
    consents: [],
    expiresAt: context.now() + 600,
    claims: { sub_profile: 'user', auth_time: authTime, acr: 'urn:behalf:acr:password', amr: ['pwd'] },
  })
  return token
}

beforeAll(async () => {
  const app = express()
  http = createServer(app).listen(0, '127.0.0.1')
  await once(http, 'listening')
  // what the listening server answers is an AddressInfo, for it listens on a port
  const resource = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  authServer = await startAuthServer({
    seed: {
      policy: {
        schema: 'behalf-policy/1',
        resources: { [resource]: { name: 'Payments', senderConstrained: true } },
        permissions: { pay: { resource, words: 'Pay', risk: 'high', consent: 'none', tools: ['pay'] } },
        roles: { payer: { permissions: ['pay'] } },
        rules: [],
      },
      agents: [{ id: 'agent:pay', name: 'Payer', owner: 'pay-team', roles: ['payer'] }],
      clients: [
        {
          id: 'app_pay',
          name: 'Payer',
          agent: 'agent:pay',
          metadata: {
            token_endpoint_auth_method: 'private_key_jwt',
            grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:token-exchange'],
            redirect_uris: ['http://127.0.0.1:5000/callback'],
            jwks: { keys: [await exportJWK(publicKey)] },
          },
        },
      ],
      accounts: [{ subject: 'ada', username: 'ada', name: 'Ada', password: 'correct horse', permissions: ['pay'] }],
    },
  })
  const { issuer } = authServer
  guard = createGuard({ issuer, audience: resource, dpop: 'required' })
  const protect = guard.protect({ scope: 'pay', delegation: 'required', tool: 'pay', maxAge: 60 })
  app.post(
    '/payments',
    (request, _response, next) => {
      got.push(request.headers)
      next()
    },
    protect,
    (request, response) => {
      response.json({ paid: true, for: getAuth(request).subject })
    },
  )
  agent = createApprover({ serverUrl: issuer, privateKey }, resource)
})
afterAll(async () => {
  http.closeAllConnections()
  http.close()
  await guard.resourceServer.close()
  await authServer.close()
})

describe('a tool of an API that wants a bound token and a fresh sign-in', () => {
  it('proves its key with every call, and waits for the person to sign in again where that is long ago', async () => {
    const now = Math.floor(Date.now() / 1000)
    const payer = agent(new MemorySaver())
    const thread = { configurable: { thread_id: 'pay' } }
    const messages = [{ role: 'user' as const, content: 'Pay 5, then 6' }]
    const waiting = runOf(await payer.invoke({ messages }, onBehalfOf(await tokenOf(now - 3600), thread)))
    expect(waiting.interrupts).toMatchObject([{ value: { tool: 'pay', interaction: { kind: 'sign_in', maxAge: 60 } } }])
    expect(waiting.tools.size).toBe(0)

    const fresh = onBehalfOf(await tokenOf(now), thread)
    const done = runOf(await payer.invoke(new Command({ resume: true }), fresh))
    expect([...done.tools.values()].map(({ text }) => text)).toEqual([paid, paid])

    const presented = got.map(({ authorization = '', dpop }) => [authorization.split(' ')[0], String(dpop)] as const)
    expect(presented.map(([scheme]) => scheme)).toEqual(['DPoP', 'DPoP', 'DPoP'])
    expect(new Set(presented.map(([, proof]) => decodeJwt(proof).jti)).size).toBe(3)
  })
})
