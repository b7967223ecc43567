import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createResourceServer, type Requirement, type ResourceServer } from '@behalf/core'
import { fromNode } from '@behalf/core/node'
import { createDpopKey } from '@behalf/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { billing, orders } from './policy.js'
import { createScene, type Scene } from './scene.js'

const routes: Readonly<Record<string, Requirement>> = {
  '/bill': {
    scope: 'billing:read',
    delegation: 'required',
    actor: 'agent:support',
    subject: 'alice',
    tool: 'get_bill',
    purpose: 'answer_billing_question',
    maxAge: 60,
  },
  '/record': {
    scope: 'billing:record',
    authorizationDetails: { type: 'customer_record', identifier: 'cus_1', action: 'read' },
  },
  '/export': { scope: 'billing:export', delegation: 'forbidden' },
  '/bound': { scope: 'billing:read', senderConstrained: true },
}

let scene: Scene
let api: Server
let guards: ResourceServer
let url: string
beforeAll(async () => {
  scene = await createScene()
  guards = createResourceServer({
    issuer: scene.issuer,
    audience: billing,
    resource: 'https://billing.example.com',
    delegation: { actorIssuer: 'required', actorProfiles: ['ai_agent'] },
  })
  const protectedBy = new Map(
    Object.entries(routes).map(([path, requirement]) => [path, guards.protect<IncomingMessage>(requirement)]),
  )
  api = createServer((request, response) => {
    void (async () => {
      const decision = await protectedBy.get(request.url ?? '')?.(fromNode(request), request)
      if (decision?.allowed !== true)
        return response.writeHead(decision?.status ?? 404, decision?.headers).end(decision?.body)
      const { subject, actor, chain } = { chain: [], ...decision.principal }
      response.end(JSON.stringify({ subject, actor: actor?.subject, chain }))
    })()
  }).listen(0, '127.0.0.1')
  await once(api, 'listening')
  // what the listening server answers is an AddressInfo, for it listens on a port
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
})
afterAll(async () => {
  api.close()
  await guards.close()
  await scene.server.close()
})

async function call(path: string, token: string, proof?: string): Promise<{ status: number; body: string }> {
  const headers = new Headers({ Authorization: `${proof === undefined ? 'Bearer' : 'DPoP'} ${token}` })
  if (proof !== undefined) headers.set('DPoP', proof)
  const response = await fetch(url + path, { headers })
  return { status: response.status, body: await response.text() }
}

describe('an API with a Behalf guard', () => {
  test('accepts a delegation token with everything it says', async () => {
    const { token } = await scene.exchange()
    const { status, body } = await call('/bill', token)
    expect([status, JSON.parse(body)]).toEqual([
      200,
      expect.objectContaining({ subject: 'alice', actor: 'agent:support' }),
    ])
  })

  test('refuses the token of another agent, person, API or tool', async () => {
    const bob = await scene.personToken({ subject: 'bob' })
    const refused = [
      await scene.exchange({ client: 'other' }),
      await scene.exchange({ fields: { subject_token: bob } }),
      await scene.exchange({ fields: { resource: orders, scope: 'orders:read' } }),
      await scene.exchange({ fields: { scope: 'billing:export' } }),
      await scene.direct(),
    ]
    const answers = await Promise.all(refused.map(({ token }) => call('/bill', token)))
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 401, 403, 403])
    expect((await call('/bill', (await scene.exchange()).token)).status).toBe(200)
  })

  test('sees the record the token is for', async () => {
    const details = (identifier: string) => JSON.stringify([{ type: 'customer_record', identifier, actions: ['read'] }])
    const ask = async (identifier: string) =>
      (await scene.exchange({ fields: { scope: 'billing:record', authorization_details: details(identifier) } })).token
    expect((await call('/record', await ask('cus_1'))).status).toBe(200)
    expect((await call('/record', await ask('cus_2'))).status).toBe(403)
  })

  test('tells direct access from delegation', async () => {
    const delegated = await scene.exchange({ fields: { scope: 'billing:export' } })
    expect((await call('/export', delegated.token)).status).toBe(403)
    expect((await call('/export', (await scene.direct()).token)).status).toBe(200)
  })

  test('demands the key a token is bound to', async () => {
    const key = await createDpopKey()
    const { token } = await scene.exchange({ proof: await scene.proof(key) })
    const proof = (of = key) => of.proof({ method: 'GET', url: `${billing}/bound`, token })
    expect((await call('/bound', token, await proof())).status).toBe(200)
    expect((await call('/bound', token, await proof(await createDpopKey()))).status).toBe(401)
    expect((await call('/bound', token)).status).toBe(401)
  })

  test("takes a person's own token for what it is: for the auth server, not for it", async () => {
    expect((await call('/bill', await scene.personToken())).status).toBe(401)
  })
})
