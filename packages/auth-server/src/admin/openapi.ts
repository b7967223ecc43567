import { z } from 'zod'
import type { Settings } from '../settings.js'
import { mediaOf } from './answer.js'
import { formatProblem, ProblemError, problemTable } from './problem.js'
import { stepUpAge } from './requirement.js'
import { type Route, tags } from './route.js'

type Json = Readonly<Record<string, unknown>>

/** Schemas that are named, gathered while the document is made. */
type Components = Map<string, unknown>

/**
 * Describes the admin API (OpenAPI 3.1), from the table that also makes its router: what is not in the one is not in
 * the other.
 */
export function describeApi(routes: readonly Route[], { issuer, adminResource }: Settings): Json {
  const components: Components = new Map([['Problem', problemSchema]])
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:([A-Za-z]+)/gu, '{$1}')
    paths[path] = { ...paths[path], [route.method]: describeRoute(route, components) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Behalf admin API',
      version: '1',
      description: `Who may act, for whom, on what, for how long: everything the auth server decides by.

Callers are people, with a token of an application they signed in to, or clients by themselves. An agent that calls for
a person reads and withdraws, and changes nothing. Changes that could give power away take a person who signed in within
the last ${stepUpAge} seconds. \`admin:write\` is power over everything, so other scopes bound those alone who lack it.`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: adminResource }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'openIdConnect', openIdConnectUrl: `${issuer}/.well-known/openid-configuration` },
      },
      schemas: Object.fromEntries(components),
      responses: { Problem: problemResponse },
    },
  }
}

function describeRoute(route: Route, components: Components): Json {
  const { name, summary, tag, scope, params, query, body, media = 'application/json' } = route
  const parameters = [
    ...describeParameters('path', params, components),
    ...describeParameters('query', query, components),
    ...describeHeaders(route),
  ]
  const status = String(route.status ?? (route.answer === undefined ? 204 : 200))
  return {
    operationId: name,
    summary,
    tags: [tag],
    ...(route.dangerous === true && {
      description: `Takes a person who signed in within the last ${stepUpAge} seconds; a client by itself cannot do it.`,
    }),
    security: [{ token: [scope] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: { [media]: { schema: toSchema(body, 'input', components) } },
      },
    }),
    responses: { [status]: describeAnswer(route, components), '4XX': problem, '5XX': problem },
  }
}

function describeAnswer(route: Route, components: Components): Json {
  const { answer, entity } = route
  return {
    description: answer === undefined ? 'Done.' : 'As asked.',
    ...(entity === true && { headers: { ETag: { schema: { type: 'string' } } } }),
    ...(answer !== undefined && { content: { [mediaOf(route)]: { schema: toSchema(answer, 'output', components) } } }),
  }
}

function describeParameters(
  place: 'path' | 'query',
  schema: z.ZodObject | undefined,
  components: Components,
): readonly Json[] {
  const shape: Readonly<Record<string, z.ZodType>> = schema?.shape ?? {}
  return Object.entries(shape).map(([name, member]) => {
    const { description, ...rest } = toSchema(z.object({ member }), 'input', components).properties.member ?? {}
    const required = place === 'path' || !z.safeParse(member, undefined).success
    return { name, in: place, required, ...(description !== undefined && { description }), schema: rest }
  })
}

function describeHeaders({ method, ifMatch }: Route): readonly Json[] {
  const headers: Json[] = []
  if (ifMatch !== undefined) {
    const description = 'ETag of what was read: another change since is refused.'
    headers.push({ name: 'If-Match', in: 'header', required: ifMatch === 'required', description, schema: string })
  }
  if (method === 'post') {
    const description = 'The same key with the same request gets the same answer, for a day.'
    headers.push({ name: 'Idempotency-Key', in: 'header', required: false, description, schema: string })
  }
  return headers
}

const string = { type: 'string' }

const problem = { $ref: '#/components/responses/Problem' }

interface ObjectSchema extends Json {
  readonly properties: Readonly<Record<string, Json>>
}

/** The JSON Schema of a schema; those with a name go to the components. */
function toSchema(schema: z.ZodType, io: 'input' | 'output', components: Components): ObjectSchema {
  const {
    $defs = {},
    $schema: _,
    ...made
  } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly // how TypeScript sees it, not the API
      delete jsonSchema.id
    },
  })
  for (const [name, definition] of Object.entries($defs)) components.set(name, relocate(definition))
  return relocate(made) as ObjectSchema // properties are read from objects alone
}

/** References into the document, not into the schema by itself. */
function relocate(value: unknown): unknown {
  const text = JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/')
  const moved: unknown = JSON.parse(text)
  return moved
}

const problemSchema = {
  type: 'object',
  description: 'Why a request was refused (RFC 9457).',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: string,
    status: { type: 'integer' },
    code: {
      type: 'string',
      description: `Of this API: ${Object.keys(problemTable).join(', ')}; others are the guard's.`,
    },
    detail: string,
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['detail'],
        properties: { pointer: string, parameter: string, header: string, detail: string },
      },
    },
  },
}

const example: unknown = JSON.parse(formatProblem(new ProblemError('not_found', 'There is no such agent.')))

const problemResponse = {
  description: 'A refusal.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, example } },
}
