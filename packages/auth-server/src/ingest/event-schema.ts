import { z } from 'zod'
import { agentEvents } from './agent-event.js'
import { claimed, code, common, count, duration, mode, outcome, text, texts, tokenParts, trace } from './event-parts.js'

const party = z.object({ id: text, iss: text.optional(), profile: text.optional() })

const decision = z.object({
  ...common,
  type: z.literal('access.decision'),
  decision: outcome,
  reason: z.object({ code, oauth_error: code.optional() }),
  subject: party.optional(),
  actor: party.optional(),
  chain: z.array(party).max(8).optional(),
  chain_depth: count.optional(),
  chain_complete: z.boolean().optional(),
  client: z.object({ id: text }).optional(),
  mode: mode.optional(),
  token: z.object({ ...tokenParts, grant_id: text.optional() }).optional(),
  requested: z.object({ scope: texts.optional(), any_scope: texts.optional() }).optional(),
  granted: z.object({ scope: texts }).optional(),
  resource: z.object({ aud: text, route: text.optional() }),
  request: z.object({ method: text }),
  trace,
  txn: text.optional(),
  tool: z.object({ name: text }).optional(),
  purpose: text.optional(),
  assurance: z.object({ acr: text.optional(), auth_time: claimed }).optional(),
  unchecked: z.array(text).max(8).optional(),
  duration_ms: duration.optional(),
})

const dropped = z.object({
  ...common,
  type: z.literal('audit.dropped'),
  dropped: count,
  /** Whose events were lost; absent where they were those of the API. */
  client: z.object({ id: text }).optional(),
  resource: z.object({ aud: text }),
})

const schema = z.discriminatedUnion('type', [decision, dropped, ...agentEvents])

/**
 * An event that a client may write: what its API decided, what its agent did, and what of it was lost. What the auth server
 * does is not among them.
 */
export type SentEvent = z.infer<typeof schema>

/** The form of {@link SentEvent}. */
export const sentEvent: z.ZodType<SentEvent> = schema
