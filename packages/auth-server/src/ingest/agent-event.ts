import { z } from 'zod'
import { code, common, duration, mode, outcome, text, texts, tokenParts, trace } from './event-parts.js'

/** What every event of an agent has. */
const shared = {
  ...common,
  client: z.object({ id: text }),
  resource: z.object({ aud: text }),
  txn: text.optional(),
  trace,
}

const tool = z.object({ name: text, call_id: text.optional() })

const run = z.object({ id: text }).optional()

const tokenEvent = z.object({
  ...shared,
  type: z.enum(['token.requested', 'token.reused']),
  tool: tool.optional(),
  decision: outcome,
  reason: z.object({ code }),
  mode,
  token: z.object(tokenParts).optional(),
  requested: z.object({ scope: texts.optional() }),
  granted: z.object({ scope: texts }).optional(),
  duration_ms: duration,
})

const toolStarted = z.object({ ...shared, type: z.literal('tool.started'), tool, run })

const toolFinished = z.object({
  ...shared,
  type: z.literal('tool.finished'),
  tool,
  run,
  decision: outcome,
  reason: z.object({ code }),
  duration_ms: duration,
})

/** What an agent asked for and did, as its client tells it. */
export const agentEvents = [tokenEvent, toolStarted, toolFinished] as const
