import { createDelegationClient } from '@behalf/agent'
import { type AuditTrail, createAuditTrail, type Service, startService } from '@behalf/example-harness'
import { exportJWK, generateKeyPair } from 'jose'
import * as oauth from 'oauth4webapi'
import { type Api, apis, audienceOf } from './apis.js'
import { type Application, createApplication } from './application.js'
import { type Authority, createAuthority } from './authority.js'
import type { Agent } from './party.js'
import { createPerson, type Person } from './person.js'
import { ada, agents, createWorld, web } from './world.js'

/** What an API told its operator. */
export interface ReportedWarning {
  readonly api: Api
  readonly code: string
  readonly message: string
}

/** The auth server, four APIs in processes of their own, and those who call them. */
export interface Stage {
  readonly authority: Authority
  readonly person: Person
  readonly support: Agent
  readonly growth: Agent
  readonly web: Application
  readonly trail: AuditTrail
  /** What the APIs told their operators. */
  readonly warnings: readonly ReportedWarning[]
  service(api: Api): Service
  /** Stops an API and starts it again at the same port, with nothing in its memory. */
  restart(api: Api): Promise<void>
  close(): Promise<void>
}

/** Starts everything and waits until every API has the keys of the auth server. */
export async function createStage(): Promise<Stage> {
  const authority = await createAuthority()
  const { issuer } = authority
  const trail = createAuditTrail()
  const warnings: ReportedWarning[] = []
  const services = new Map<Api, Service>()

  async function start(api: Api, port: string): Promise<void> {
    const started = await startService({
      name: `${api}-api`,
      entry: import.meta.resolve(`@behalf/example-${api}-api`),
      env: { ISSUER: issuer, AUDIENCE: audienceOf(api), HOST: '127.0.0.1', PORT: port },
      onLine(line) {
        trail.record(api, line)
        const { type, code, message } = line
        if (type === 'warning' && typeof code === 'string' && typeof message === 'string') {
          warnings.push({ api, code, message })
        }
      },
    })
    services.set(api, started)
  }

  function service(api: Api): Service {
    const started = services.get(api)
    if (!started) throw new Error(`${api}-api is not up`)
    return started
  }

  await Promise.all(apis.map((api) => start(api, process.env[`${api.toUpperCase()}_PORT`] ?? '0')))
  const [support, growth] = await Promise.all([createAgent('support', issuer), createAgent('growth', issuer)])
  const keys = { support: support.publicKey, growth: growth.publicKey }
  await authority.open(createWorld(keys, (api) => `${service(api).url}/events`))
  await Promise.all(apis.map((api) => ready(service(api))))

  return {
    authority,
    person: createPerson(issuer, ada),
    support: support.agent,
    growth: growth.agent,
    web: createApplication(issuer, web.clientId, oauth.None()),
    trail,
    warnings,
    service,
    async restart(api) {
      const { url, stop } = service(api)
      await stop()
      await start(api, new URL(url).port)
    },
    async close() {
      await Promise.all([...services.values()].map((started) => started.stop()))
      await authority.close()
    },
  }
}

/** An agent with a key of its own: the auth server gets the public half. */
async function createAgent(name: keyof typeof agents, serverUrl: string) {
  const { id, clientId, scope } = agents[name]
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const agent: Agent = {
    id,
    scope,
    // Tokens bound to a key of the agent are the default; these are not, so that curl can carry them too.
    client: createDelegationClient({ serverUrl, clientId, key: () => ({ privateKey }), dpop: false }),
    application: createApplication(serverUrl, clientId, oauth.PrivateKeyJwt(privateKey)),
  }
  return { agent, publicKey: await exportJWK(publicKey) }
}

async function ready({ name, url }: Service): Promise<void> {
  const { status } = await fetch(new URL('/ready', url), { signal: AbortSignal.timeout(5_000) })
  if (status !== 200) throw new Error(`${name} is not ready (${status})`)
}
