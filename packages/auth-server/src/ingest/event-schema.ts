import { z } from 'zod'

/** Longer than any text that a guard writes. */
const text = z.string().min(1).max(500)
const texts = z.array(text).max(64)
const count = z.number().int().min(0)
const name = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/u)
const party = z.object({ id: text, iss: text.optional(), profile: text.optional() })

/** What every event has. What an event has beyond its schema is not kept. */
const common = {
  schema: z.literal('delegation-audit/1'),
  id: z.uuid(),
  time: z.iso.datetime(),
  observer: z.object({ service: name.optional(), instance: name.optional() }).optional(),
}

const decision = z.object({
  ...common,
  type: z.literal('access.decision'),
  decision: z.enum(['allow', 'deny', 'error']),
  reason: z.object({ code: text, oauth_error: text.optional() }),
  subject: party.optional(),
  actor: party.optional(),
  chain: z.array(party).max(8).optional(),
  chain_depth: count.optional(),
  chain_complete: z.boolean().optional(),
  client: z.object({ id: text }).optional(),
  mode: z.enum(['delegated', 'direct']).optional(),
  token: z
    .object({
      sha256: text,
      iss: text.optional(),
      jti: text.optional(),
      iat: z.number().optional(),
      exp: z.number().optional(),
      bound: z.enum(['dpop', 'mtls']).optional(),
      grant_id: text.optional(),
    })
    .optional(),
  requested: z.object({ scope: texts.optional(), any_scope: texts.optional() }).optional(),
  granted: z.object({ scope: texts }).optional(),
  resource: z.object({ aud: text, route: text.optional() }),
  request: z.object({ method: text }),
  trace: z
    .object({ trace_id: z.string().regex(/^[\da-f]{32}$/u), span_id: z.string().regex(/^[\da-f]{16}$/u) })
    .optional(),
  txn: text.optional(),
  tool: z.object({ name: text }).optional(),
  purpose: text.optional(),
  assurance: z.object({ acr: text.optional(), auth_time: z.number().optional() }).optional(),
  unchecked: z.array(text).max(8).optional(),
  duration_ms: z.number().min(0).optional(),
})

const dropped = z.object({
  ...common,
  type: z.literal('audit.dropped'),
  dropped: count,
  resource: z.object({ aud: text }),
})

/** An event that an API may write: what it decided, and what it lost. What the auth server does is not among them. */
export type SentEvent = z.infer<typeof decision> | z.infer<typeof dropped>

/** The form of {@link SentEvent}. */
export const sentEvent: z.ZodType<SentEvent> = z.discriminatedUnion('type', [decision, dropped])
