import { audienceOf } from './scene.js'

/** A decision of the API that runs on Express. */
export const sample = (change: object = {}) => ({
  schema: 'delegation-audit/1',
  id: crypto.randomUUID(),
  time: new Date().toISOString(),
  type: 'access.decision',
  decision: 'allow',
  reason: { code: 'allowed' },
  subject: { id: 'alice', iss: 'https://auth.example.com' },
  resource: { aud: audienceOf('express') },
  request: { method: 'GET' },
  observer: { service: 'express', instance: 'pod-1' },
  duration_ms: 1,
  ...change,
})

/** What the agent of a client did: a token it asked for. */
export const agentSample = (change: object = {}) => ({
  schema: 'delegation-audit/1',
  id: crypto.randomUUID(),
  time: new Date().toISOString(),
  type: 'token.requested',
  client: { id: 'assistant' },
  resource: { aud: audienceOf('koa') },
  tool: { name: 'get_billing', call_id: 'call_1' },
  txn: 'task_1',
  trace: { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' },
  decision: 'allow',
  reason: { code: 'allowed' },
  mode: 'delegated',
  token: { sha256: 'x'.repeat(22), iss: 'https://auth.example.com', jti: 'token_1', iat: 1, exp: 61 },
  requested: { scope: ['koa:read'] },
  granted: { scope: ['koa:read'] },
  duration_ms: 1,
  ...change,
})
