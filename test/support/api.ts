import {
  type AuditEvent,
  createResourceServer,
  type ResourceServer,
  type ResourceServerOptions,
  type Warning,
} from '@behalf/core'
import { type Route, standardRoutes } from './routes.js'
import { keySecrets, leaks, tokenSecrets } from './secrets.js'
import { type TargetName, targets } from './targets.js'
import { AUDIENCE, ISSUER, issuerKey, jwks, NOW } from './token.js'
import { exchange, formatRequest, type HeaderLine, type WireResponse } from './wire.js'

export interface Clock {
  now: number
}

export type Options = Partial<ResourceServerOptions>

/** Events of decisions; the other kind, about lost events, has its own place. */
export type DecisionEvent = Extract<AuditEvent, { type: 'access.decision' }>

export interface ApiSettings {
  /** Changes to the standard options: a static key set, a clock that stands still. May be asked once per API. */
  readonly options?: Options | ((clock: Clock, collect: (event: AuditEvent) => void) => Options)
  readonly routes?: readonly Route[]
  readonly publish?: boolean
  /** Receives security events at `POST /events`. */
  readonly receive?: boolean
}

/** A request: a token for `GET /invoices`, or anything down to the bytes. */
export type Call =
  | string
  | {
      readonly method?: string
      readonly path?: string
      readonly token?: string
      /** One or more Authorization lines, as they are. */
      readonly authorization?: string | Buffer | readonly (string | Buffer)[]
      readonly headers?: readonly HeaderLine[]
      readonly body?: string
      /** The whole of it. */
      readonly bytes?: Buffer
      /** How many audit events must follow: one unless told otherwise. */
      readonly events?: number
    }

export interface Outcome {
  readonly response: WireResponse
  readonly events: readonly DecisionEvent[]
}

export interface Api {
  readonly target: TargetName
  readonly port: number
  readonly server: ResourceServer
  readonly clock: Clock
  readonly warnings: readonly Warning[]
  /** Sends one request, waits for its audit events and makes sure that nothing secret came back. */
  call(call: Call): Promise<Outcome>
  /** Sends several requests in one write. Answers come in order. */
  pipeline(calls: readonly Call[]): Promise<{ responses: WireResponse[]; events: DecisionEvent[] }>
  /** Every audit event since the start that no `call` has taken. */
  takeEvents(count: number): Promise<DecisionEvent[]>
  close(): Promise<void>
}

/** Starts one target over real sockets with a resource server of its own. */
export async function startApi(
  target: TargetName,
  { options = {}, routes = standardRoutes, publish = false, receive = false }: ApiSettings = {},
): Promise<Api> {
  const clock: Clock = { now: NOW }
  const events: DecisionEvent[] = []
  const warnings: Warning[] = []
  const collect = (event: AuditEvent) => {
    if (event.type === 'access.decision') events.push(JSON.parse(JSON.stringify(event)) as DecisionEvent) // as it is stored
  }
  const server = createResourceServer({
    issuer: { issuer: ISSUER, jwks: jwks(issuerKey()) },
    audience: AUDIENCE,
    now: () => clock.now,
    audit: collect,
    onWarning: (warning) => warnings.push(warning),
    ...(typeof options === 'function' ? options(clock, collect) : options),
  })
  const mounted = await targets[target]({ server, routes, publish, receive })

  async function takeEvents(count: number): Promise<DecisionEvent[]> {
    const deadline = Date.now() + 5_000
    while (events.length < count && Date.now() < deadline) await tick()
    for (let i = 0; i < 3; i++) await tick() // one too many must show as well
    return events.splice(0)
  }

  async function send(calls: readonly Call[]) {
    const bytes = Buffer.concat(calls.map(toBytes))
    const methods = calls.map(methodOf)
    const expected = calls.reduce((sum, call) => sum + (typeof call === 'string' ? 1 : (call.events ?? 1)), 0)
    const responses = await exchange(mounted.port, bytes, methods)
    const taken = await takeEvents(expected)
    assertNoLeak(calls, responses, taken, warnings)
    return { responses, events: taken }
  }

  return {
    target,
    port: mounted.port,
    server,
    clock,
    warnings,
    takeEvents,
    pipeline: send,
    async call(call) {
      const { responses, events: taken } = await send([call])
      const [response] = responses
      if (response === undefined) throw new Error('no response')
      return { response, events: taken }
    },
    async close() {
      await mounted.close()
      await server.close()
    },
  }
}

/** The bytes of a call, as every target gets them. */
export function toBytes(call: Call): Buffer {
  if (typeof call === 'string') return toBytes({ token: call })
  if (call.bytes !== undefined) return call.bytes
  const { token, authorization, headers = [], method = 'GET', path = '/invoices', body } = call
  const values = authorization === undefined ? [] : Array.isArray(authorization) ? authorization : [authorization]
  const lines: HeaderLine[] = values.map((value: string | Buffer) => ['Authorization', value])
  if (token !== undefined) lines.push(['Authorization', `Bearer ${token}`])
  return formatRequest({
    method,
    target: path,
    headers: [...lines, ...headers],
    ...(body === undefined ? {} : { body }),
  })
}

function methodOf(call: Call): string {
  if (typeof call === 'string') return 'GET'
  return call.bytes === undefined
    ? (call.method ?? 'GET')
    : (call.bytes.toString('latin1', 0, 16).split(' ', 1)[0] ?? 'GET')
}

function assertNoLeak(
  calls: readonly Call[],
  responses: readonly WireResponse[],
  events: readonly DecisionEvent[],
  warnings: readonly Warning[],
): void {
  const secrets = [...calls.flatMap(secretsOf), ...keySecrets(issuerKey())]
  const seen = [
    ...responses.map(({ raw }) => raw.toString('latin1')),
    ...events.map((event) => JSON.stringify(event)),
    ...warnings.map((warning) => JSON.stringify(warning)),
  ]
  const found = seen.flatMap((text) => leaks(text, secrets))
  if (found.length > 0) throw new Error(`leaked: ${found.join(' ')}`)
}

function secretsOf(call: Call): string[] {
  const lines = toBytes(call).toString('latin1').split('\r\n\r\n', 1)[0]?.split('\r\n') ?? []
  const values = lines
    .filter((line) => /^(?:authorization|dpop):/i.test(line))
    .flatMap((line) => line.split(/[\s,]+/).slice(1))
  return values.flatMap(tokenSecrets)
}

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
