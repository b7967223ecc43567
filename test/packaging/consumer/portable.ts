import {
  AccessError,
  type AuditEvent,
  ConfigurationError,
  createResourceServer,
  type Decision,
  type ErrorCode,
  type Principal,
} from '@behalf/core'

const events: AuditEvent[] = []

export const server = createResourceServer({
  issuer: { issuer: 'https://auth.example.com', jwks: { keys: [] } },
  audience: 'https://billing.example.com',
  audit: (event) => {
    events.push(event)
  },
})

export async function answer(request: Request): Promise<Response> {
  const decision: Decision = await server.authorize(request, { scope: ['billing:read'], delegation: 'required' })
  if (!decision.allowed) return new Response(decision.body, { status: decision.status, headers: decision.headers })
  return Response.json(describe(decision.principal), { headers: decision.headers })
}

function describe({ subject, actor, scopes }: Principal): string {
  return `${subject} through ${actor?.subject ?? 'nobody'} may ${scopes.join(' ')}`
}

export function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof ConfigurationError) return undefined
  return error instanceof AccessError ? error.code : 'internal_error'
}
