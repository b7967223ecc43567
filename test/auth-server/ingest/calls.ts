import { randomBytes } from 'node:crypto'
import { audienceOf, type Scene } from './scene.js'

/** Calls of an API that were answered: status by trace id, which is in the event of each. */
export type Answered = Map<string, number>

/** What the trail has of an API. */
export interface Recorded {
  /** Decisions by trace id. */
  readonly decisions: ReadonlyMap<string, string>
  /** Events that hold a decision, each counted. */
  readonly stored: number
  /** Events that the API says were lost. */
  readonly dropped: number
}

/** Calls with a trace of its own, and notes the answer once it is there. */
export async function call(answered: Answered, url: string, token: string | undefined): Promise<void> {
  const trace = randomBytes(16).toString('hex')
  const response = await fetch(url, {
    headers: {
      traceparent: `00-${trace}-${'b'.repeat(16)}-01`,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  })
  answered.set(trace, response.status)
  await response.text()
}

export async function readTrail({ server }: Scene, api: string): Promise<Recorded> {
  const decisions = new Map<string, string>()
  let stored = 0
  let dropped = 0
  for await (const events of await server.context.audit.readAll({ resource: audienceOf(api) })) {
    for (const event of events) {
      if (event.type === 'audit.dropped') dropped += Number(event.dropped)
      if (event.type !== 'access.decision') continue
      stored += 1
      // every decision of these calls has a trace
      const { trace_id: trace } = event.trace as { readonly trace_id: string }
      decisions.set(trace, String(event.decision))
    }
  }
  return { decisions, stored, dropped }
}

/** Answers whose event the trail does not have, or has otherwise. */
export function unrecorded(answered: Answered, { decisions }: Recorded): readonly string[] {
  const expected = (status: number): string => (status === 200 ? 'allow' : status < 500 ? 'deny' : 'error')
  return [...answered].filter(([trace, status]) => decisions.get(trace) !== expected(status)).map(([trace]) => trace)
}
