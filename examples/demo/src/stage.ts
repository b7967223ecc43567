import { type AuditTrail, createAuditTrail, type Service, startService } from '@behalf/example-harness'
import { createTestIssuer, type TestIssuer } from '@behalf/testing'

export const apis = ['billing', 'users', 'orders', 'refunds'] as const
export type Api = (typeof apis)[number]

export const frameworks: Readonly<Record<Api, string>> = {
  billing: 'Express',
  users: 'Fastify',
  orders: 'Koa',
  refunds: 'Hono',
}

export function audienceOf(api: Api): string {
  return `https://${api}.example.com`
}

/** What an API told its operator. */
export interface ReportedWarning {
  readonly api: Api
  readonly code: string
  readonly message: string
}

/** The issuer and the four APIs, each API in a process of its own. */
export interface Stage {
  readonly issuer: TestIssuer
  readonly trail: AuditTrail
  /** What the APIs told their operators. */
  readonly warnings: readonly ReportedWarning[]
  service(api: Api): Service
  /** Stops an API and starts it again at the same port, with no key in its memory. */
  restart(api: Api): Promise<void>
  close(): Promise<void>
}

/** Starts everything and waits until every API has the keys of the issuer. */
export async function createStage(): Promise<Stage> {
  const issuer = await createTestIssuer()
  const trail = createAuditTrail()
  const warnings: ReportedWarning[] = []
  const services = new Map<Api, Service>()

  async function start(api: Api, port: string): Promise<void> {
    const started = await startService({
      name: `${api}-api`,
      entry: import.meta.resolve(`@behalf/example-${api}-api`),
      env: { ISSUER: issuer.issuer, AUDIENCE: audienceOf(api), HOST: '127.0.0.1', PORT: port },
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

  async function close(): Promise<void> {
    await Promise.all([...services.values()].map((started) => started.stop()))
    await issuer.close()
  }

  const stage: Stage = {
    issuer,
    trail,
    warnings,
    service,
    async restart(api) {
      const { url, stop } = service(api)
      await stop()
      await start(api, new URL(url).port)
    },
    close,
  }

  await Promise.all(apis.map((api) => start(api, process.env[`${api.toUpperCase()}_PORT`] ?? '0')))
  await Promise.all(apis.map((api) => ready(service(api))))
  return stage
}

async function ready({ name, url }: Service): Promise<void> {
  const { status } = await fetch(new URL('/ready', url), { signal: AbortSignal.timeout(5_000) })
  if (status !== 200) throw new Error(`${name} is not ready (${status})`)
}
