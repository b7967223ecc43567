import { createDelegationClient, type DelegationClient } from '@behalf/agent'
import { httpSink } from '@behalf/audit'
import { type Service, startService } from '@behalf/example-harness'
import { exportJWK, generateKeyPair } from 'jose'
import * as oauth from 'oauth4webapi'
import { type Administration, createAdministration } from './administration.js'
import { type ApiName, type Apis, apiNames, resourceOf } from './apis.js'
import { type Application, createApplication } from './application.js'
import { type Authority, createAuthority } from './authority.js'
import { freePorts } from './free-ports.js'
import { createPerson, type Person } from './person.js'
import {
  ada,
  adminConsole,
  agents,
  auditClientOf,
  bob,
  createSecret,
  createWorld,
  operator,
  security,
  web,
} from './world.js'

/** An agent: its client, and the application in which people let it act for them. */
export interface Agent {
  readonly id: string
  readonly clientId: string
  readonly client: DelegationClient
  /** The same client with tokens that are bound to no key, for whoever wants to carry one by hand. */
  readonly unbound: DelegationClient
  readonly application: Application
  /** The person's token, made to be exchanged. */
  subjectToken(person: Person, maxAge?: number): Promise<string>
}

/** What an API told its operator. */
export interface ReportedWarning {
  readonly api: ApiName
  readonly code: string
  readonly message: string
}

export interface StageOptions {
  /** How the agents' clients send their requests. Default: the platform's `fetch`. */
  readonly send?: typeof fetch
  /** Seconds that a sign-in may lie back when money is given away. Default 300. */
  readonly refundMaxAge?: number
}

/** The auth server, four APIs in processes of their own, and those who call them. */
export interface Stage {
  readonly authority: Authority
  readonly apis: Apis
  readonly support: Agent
  readonly growth: Agent
  /** An application without an agent. */
  readonly web: Application
  readonly people: Readonly<Record<'ada' | 'bob', Person>>
  /** The admin API, for those who keep the policy, and for those who decide and read the trail. */
  readonly operations: Administration
  readonly security: Administration
  /** The token that Security reads the trail with. */
  securityToken(): Promise<string>
  /** What the APIs told their operators. */
  readonly warnings: readonly ReportedWarning[]
  /** Stops an API and starts it again at the same port, with nothing in its memory. */
  restart(name: ApiName): Promise<void>
  /** Resolves when everything the agents' clients did so far is in the trail. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Starts everything and waits until every API has the keys of the auth server. */
export async function createStage({ send = fetch, refundMaxAge = 300 }: StageOptions = {}): Promise<Stage> {
  const authority = await createAuthority()
  const { issuer } = authority
  const warnings: ReportedWarning[] = []
  const services = new Map<ApiName, Service>()
  const secrets = new Map(apiNames.map((name) => [name, createSecret()]))
  const secretOf = (name: ApiName): string => secrets.get(name) ?? ''

  async function start(name: ApiName, port: number): Promise<void> {
    const started = await startService({
      name: `${name}-api`,
      entry: import.meta.resolve(`@behalf/example-${name}-api`),
      env: {
        ISSUER: issuer,
        AUDIENCE: resourceOf(name),
        RESOURCE: `http://127.0.0.1:${port}`,
        HOST: '127.0.0.1',
        PORT: `${port}`,
        AUDIT_CLIENT_ID: auditClientOf(name),
        AUDIT_CLIENT_SECRET: secretOf(name),
      },
      onLine({ type, code, message }) {
        if (type === 'warning' && typeof code === 'string' && typeof message === 'string') {
          warnings.push({ api: name, code, message })
        }
      },
    })
    services.set(name, started)
  }

  function service(name: ApiName): Service {
    const started = services.get(name)
    if (!started) throw new Error(`${name}-api is not up`)
    return started
  }

  const ports = await freePorts(apiNames.length)
  await Promise.all(apiNames.map((name, index) => start(name, portOf(name) ?? ports[index] ?? 0)))
  const [support, growth] = await Promise.all([
    createAgent('support', issuer, send),
    createAgent('growth', issuer, send),
  ])
  await authority.open(
    createWorld(
      {
        keys: { support: support.publicKey, growth: growth.publicKey },
        eventsOf: (name) => `${service(name).url}/events`,
        secretOf,
      },
      refundMaxAge,
    ),
  )
  await Promise.all(apiNames.map((name) => ready(service(name))))

  const apiOf = (name: ApiName) => ({ url: service(name).url, resource: resourceOf(name) })
  const console = createApplication(issuer, adminConsole.clientId, oauth.None())
  const [operations, guards] = [createPerson(issuer, operator), createPerson(issuer, security)]
  const operationsToken = () => console.tokenOf(operations, `${issuer}/admin`, 'admin:read admin:write admin:revoke')
  const securityToken = () => console.tokenOf(guards, `${issuer}/admin`, 'admin:read admin:approve admin:audit')

  return {
    authority,
    apis: { billing: apiOf('billing'), users: apiOf('users'), orders: apiOf('orders'), refunds: apiOf('refunds') },
    support: support.agent,
    growth: growth.agent,
    web: createApplication(issuer, web.clientId, oauth.None()),
    people: { ada: createPerson(issuer, ada), bob: createPerson(issuer, bob) },
    operations: createAdministration(issuer, operationsToken),
    security: createAdministration(issuer, securityToken),
    securityToken,
    warnings,
    async restart(name) {
      const { url, stop } = service(name)
      await stop()
      await start(name, Number(new URL(url).port))
    },
    flush: async () => void (await Promise.all([support.sink.flush(), growth.sink.flush()])),
    async close() {
      await Promise.all([...services.values()].map((started) => started.stop()))
      await Promise.all([support.sink.close(), growth.sink.close()])
      await authority.close()
    },
  }
}

/** An agent with a key of its own: the auth server gets the public half. What its client does is in the trail, too. */
async function createAgent(name: keyof typeof agents, serverUrl: string, send: typeof fetch) {
  const { id, clientId, scope } = agents[name]
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const settings = { serverUrl, clientId, key: () => ({ privateKey }), refusalTime: 0 }
  const writer = createDelegationClient({ ...settings, dpop: false })
  const sink = httpSink({
    url: `${serverUrl}/audit/events`,
    token: async ({ renew }) => {
      if (renew) writer.forget()
      const request = { resource: `${serverUrl}/audit`, scope: 'audit:write' }
      return (await writer.getDelegationToken(request)).accessToken
    },
    service: clientId,
  })
  const application = createApplication(serverUrl, clientId, oauth.PrivateKeyJwt(privateKey))
  const agent: Agent = {
    id,
    clientId,
    application,
    client: createDelegationClient({ ...settings, fetch: send, audit: sink }),
    unbound: createDelegationClient({ ...settings, fetch: send, audit: sink, dpop: false }),
    subjectToken: (person, maxAge) => application.tokenOf(person, serverUrl, scope.join(' '), maxAge),
  }
  return { agent, sink, publicKey: await exportJWK(publicKey) }
}

/** Where somebody wants an API. Proofs are made for the address, so each has one before it starts. */
function portOf(name: ApiName): number | undefined {
  const wanted = process.env[`${name.toUpperCase()}_PORT`]
  return wanted === undefined ? undefined : Number(wanted)
}

async function ready({ name, url }: Service): Promise<void> {
  const { status } = await fetch(new URL('/ready', url), { signal: AbortSignal.timeout(5_000) })
  if (status !== 200) throw new Error(`${name} is not ready (${status})`)
}
