import { toJsonLines, toOcsf } from '@behalf/audit'
import { z } from 'zod'
import type { AuditFilter, StoredEvent } from '../../audit/audit-trail.js'
import type { Context } from '../../context.js'
import { filter, listOf, moment, momentParameter, text } from '../fields.js'
import { pageOf, pageQuery } from '../page.js'
import { type Route, route } from '../route.js'

const event = z.looseObject({ id: z.string(), type: z.string(), time: z.string() }).meta({ id: 'AuditEvent' })

const verification = z
  .object({
    intact: z.boolean(),
    chains: listOf(
      z.object({
        chain: text,
        events: z.number(),
        checkpoints: z.number(),
        fault: z
          .object({
            seq: z.number(),
            what: z.enum(['altered', 'missing', 'reordered', 'truncated', 'forged_checkpoint']),
          })
          .optional()
          .describe('The first thing that is wrong.'),
      }),
    ),
  })
  .meta({ id: 'AuditVerification' })

const task = z
  .object({
    transaction: text,
    events: listOf(event).describe('In order of time.'),
    next: text.optional().describe('`after` of the next page of events.'),
    tokens: listOf(
      z.object({
        tokenId: text,
        parentId: text.nullable(),
        kind: z.enum(['subject', 'direct', 'delegated']),
        subject: text,
        agentId: text.nullable(),
        resource: text,
        scope: listOf(text),
        issuedAt: moment,
        expiresAt: moment,
        revokedAt: moment.nullable(),
      }),
    ).describe('Records of the tokens that are still kept, newest first.'),
  })
  .meta({ id: 'Task' })

/** What events are looked for by. */
const wanted = {
  transaction: filter,
  subject: filter,
  actor: filter,
  client: filter,
  resource: filter,
  tokenId: filter,
  trace: filter.describe('Trace id.'),
  toolCall: filter.describe('Id of the call of a tool.'),
  decision: z.enum(['allow', 'deny', 'error']).optional(),
  reason: filter.describe('Code of the reason.'),
  type: filter,
  from: momentParameter.describe('Seconds since the epoch, included.'),
  to: momentParameter.describe('Seconds since the epoch.'),
}

/** Events on a page of an export, at most, where pages are asked for. */
const longestPage = 1_000

/** Tokens of a task that are shown at most. */
const mostTokens = 200

/** The trail: what was done, decided and refused, for whom and by whom. */
export function auditRoutes({ audit, tokens, log }: Context): readonly Route[] {
  const base = { tag: 'Audit', method: 'get', scope: 'admin:audit' } as const

  async function* writeAll(
    parts: AsyncIterable<readonly StoredEvent[]>,
    write: (events: readonly StoredEvent[]) => string,
  ): AsyncGenerator<string> {
    try {
      for await (const events of parts) if (events.length > 0) yield write(events)
    } catch (error) {
      log.error({ err: error }, 'an export was cut off')
      throw error
    }
  }

  return [
    route({
      ...base,
      name: 'searchEvents',
      summary: 'Events, in order of time',
      path: '/audit/events',
      query: z.strictObject({
        ...pageQuery,
        ...wanted,
        order: z.enum(['oldest', 'newest']).default('oldest').describe('Which events come first.'),
      }),
      answer: pageOf(event),
      run: async ({ query: { limit, after, order, ...looked } }) => {
        const { events, next } = await audit.search(looked satisfies AuditFilter, { after, limit, order })
        return { body: { items: events.map(toEvent), next }, next }
      },
    }),
    route({
      ...base,
      name: 'exportEvents',
      summary:
        'Events as JSON Lines, as they were kept or as OCSF: oldest first, all there are, or a page with `limit`',
      path: '/audit/export',
      answers: 'application/x-ndjson',
      long: true,
      query: z.strictObject({
        limit: z.coerce
          .number()
          .int()
          .min(1)
          .max(longestPage)
          .optional()
          .describe('Events on a page, where one is wanted.'),
        after: pageQuery.after,
        ...wanted,
        format: z.enum(['jsonl', 'ocsf']).default('jsonl').describe('As they were kept, or OCSF 1.9.'),
      }),
      answer: text,
      run: async ({ query: { limit, after, format, ...looked } }) => {
        const write = format === 'ocsf' ? writeOcsf : toJsonLines
        if (limit === undefined && after === undefined) {
          return { body: '', pieces: writeAll(await audit.readAll(looked satisfies AuditFilter), write) }
        }
        const { events, next } = await audit.search(looked satisfies AuditFilter, {
          after,
          limit: limit ?? longestPage,
        })
        return { body: write(events), next }
      },
    }),
    route({
      ...base,
      name: 'verifyTrail',
      summary: 'Reads every chain and names the first record that is wrong',
      path: '/audit/verification',
      long: true,
      answer: verification,
      run: async () => ({ body: await audit.verify() }),
    }),
    route({
      ...base,
      name: 'readTask',
      summary: 'Everything that was done for one task',
      path: '/audit/tasks/:transaction',
      params: z.object({ transaction: z.string().min(1).max(500) }),
      query: z.strictObject(pageQuery),
      answer: task,
      run: async ({ params: { transaction }, query: { limit, after } }) => {
        const { events, next } = await audit.search({ transaction }, { after, limit })
        const records = await tokens.search({ transaction }, { limit: mostTokens })
        return { body: { transaction, events: events.map(toEvent), next, tokens: records }, next }
      },
    }),
  ]
}

function writeOcsf(events: readonly StoredEvent[]): string {
  return toJsonLines(events.map((each) => toOcsf(toEvent(each))))
}

/** Every event of the trail has these three; the schema of the answer looks it over. */
function toEvent(stored: Readonly<Record<string, unknown>>): z.input<typeof event> {
  const { id, type, time } = stored
  return { ...stored, id: String(id), type: String(type), time: String(time) }
}
