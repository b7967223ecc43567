import type { z } from 'zod'
import type { AuditRecord } from '../audit/record.js'
import type { Caller } from './caller.js'
import { entityTag, type Precondition } from './entity-tag.js'
import { readInput } from './input.js'

/** Scopes of the admin API. */
export type AdminScope = 'admin:read' | 'admin:write' | 'admin:approve' | 'admin:revoke' | 'admin:audit'

/** What the routes are about. */
export const tags = {
  Agents: 'Who acts.',
  Clients: 'How agents and applications prove who they are.',
  Accounts: 'People: for whom agents act, and what they may do themselves.',
  Policy: 'What may be asked for, and who gets it: one document, every version of it.',
  Grants: 'More than the roles give, for a while.',
  Consents: 'What people allowed agents.',
  Approvals: 'What waits for a person.',
  Keys: 'What tokens and the trail are signed with.',
  Tokens: 'Records of access tokens.',
  Revocations: 'Taking back whatever was given.',
  'Event streams': 'How security events reach the APIs.',
  Sessions: 'Where people are signed in.',
  Audit: 'What was done, decided and refused, for whom and by whom.',
} as const

/** What a call brings, looked over. */
export interface Call<Params, Query, Body> {
  readonly caller: Caller
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /**
   * Compares `If-Match` with what the caller would read now, in the form of the route's answer.
   *
   * @throws ProblemError `precondition_failed`, `precondition_required`
   */
  expect(current: unknown): void
}

/** A change for the trail: the caller is added. */
export interface Change extends Omit<AuditRecord, 'change' | 'decision'> {
  readonly before?: unknown
  readonly after?: unknown
}

/** What a route answers. */
export interface Outcome<Answer> {
  readonly body: Answer
  /** Path below `/admin` of what was made. */
  readonly location?: string
  /** Where the next page begins. */
  readonly next?: string
  /** A text in pieces, in place of the body: for what is too long to be in memory at once. */
  readonly pieces?: AsyncIterable<string>
  /** Changes to record, unless the part of the server that made them has recorded them itself. */
  readonly changes?: readonly Change[]
}

type Media = 'application/json' | 'application/yaml' | 'application/x-ndjson'

/** The part of a route that its document and its guard are made from. */
export interface RouteFacts {
  /** `operationId` */
  readonly name: string
  readonly summary: string
  readonly tag: keyof typeof tags
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Below `/admin`; parameters as `:name`. */
  readonly path: `/${string}`
  readonly scope: AdminScope
  /** Demands that a person signed in within the last five minutes. Default false. */
  readonly dangerous?: boolean
  /** Whether `If-Match` is needed, heeded, or means nothing here. Default: it means nothing. */
  readonly ifMatch?: 'required' | 'heeded'
  /** Whether the answer is one thing with an `ETag`. Default false. */
  readonly entity?: boolean
  /** Default 200. */
  readonly status?: 200 | 201 | 204
  /** Media type of the body, and of the answer where `answers` says nothing else. Default `application/json`. */
  readonly media?: Media
  /** Media type of the answer. */
  readonly answers?: Media
  /** Whether it reads for so long that a transaction would stand in the way of others. Default false. */
  readonly long?: boolean
  /** Characters of the longest body. Default 65536. */
  readonly maxBody?: number
}

/** A route whose types are gone: what the router and the document work with. */
export interface Route extends RouteFacts {
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** Undefined where there is nothing to say (204). */
  readonly answer?: z.ZodType
  run(call: RawCall): Promise<Outcome<unknown>>
}

/** What a call brings, as it came. */
export interface RawCall {
  readonly caller: Caller
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly precondition: Precondition
}

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined
type Answered<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined

/** A route with its types: {@link route} looks them over and forgets them. */
export interface RouteDefinition<
  Params extends z.ZodObject | undefined,
  Query extends z.ZodObject | undefined,
  Body extends z.ZodType | undefined,
  Answer extends z.ZodType | undefined,
> extends RouteFacts {
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  readonly answer?: Answer
  run(call: Call<Parsed<Params>, Parsed<Query>, Parsed<Body>>): Promise<Outcome<Answered<Answer>>>
}

/**
 * Makes a route: what comes in is what its schemas say, and nothing leaves that the schema of the answer does not name.
 */
export function route<
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
  Answer extends z.ZodType | undefined = undefined,
>(definition: RouteDefinition<Params, Query, Body, Answer>): Route {
  const { params, query, body, answer, run, ...facts } = definition
  const view = (value: unknown): unknown => answer?.parse(value)
  return {
    ...facts,
    params,
    query,
    body,
    answer,
    async run(call) {
      const input = readInput({ params, query, body }, call)
      const outcome = await run({
        // each is the output of the very schema that the type is taken from
        ...(input as Pick<Call<Parsed<Params>, Parsed<Query>, Parsed<Body>>, 'params' | 'query' | 'body'>),
        caller: call.caller,
        expect: (current) => call.precondition.expect(() => entityTag(view(current))),
      })
      return { ...outcome, body: view(outcome.body) }
    },
  }
}
