import type { Settings } from '../options.js'
import type { DelegationRequest } from '../request.js'
import {
  describeEnd,
  describeStart,
  describeToken,
  type TokenOutcome,
  type ToolFacts,
  type Writer,
} from './describe.js'
import { createRecorder } from './recorder.js'

/** What a client writes about itself. */
export interface Audit {
  token(request: DelegationRequest, outcome: TokenOutcome): void
  /** Records the start of a tool. What it answers records the end: of an error, or of nothing where the tool answered. */
  tool(facts: ToolFacts): (error?: unknown) => void
  close(): Promise<void>
}

/** @returns undefined where nothing is recorded */
export function createAudit(settings: Settings): Audit | undefined {
  const { audit: sink, onWarning, serverUrl, clientId, now } = settings
  if (sink === undefined) return undefined
  const recorder = createRecorder(sink, onWarning)
  // without the slash that a URL without a path has: as the server writes its name
  const issuer = serverUrl.pathname === '/' ? serverUrl.origin : serverUrl.href
  const writer = (): Writer => ({ clientId, issuer, time: now() })

  return {
    token: (request, outcome) => {
      const from = writer()
      recorder.record(() => describeToken(from, request, outcome))
    },
    tool: (facts) => {
      const begun = performance.now()
      const from = writer()
      recorder.record(() => describeStart(from, facts))
      return (error) => {
        const duration = performance.now() - begun
        const to = writer()
        recorder.record(() => describeEnd(to, facts, error, duration))
      }
    },
    close: () => recorder.close(),
  }
}
