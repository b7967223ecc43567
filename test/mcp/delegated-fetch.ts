import type { DelegationClient, DelegationRequest } from '@behalf/agent'
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'

/** The `fetch` of an MCP transport: every request goes with a token for it. */
export const throughAgent =
  (agent: DelegationClient, request: DelegationRequest): FetchLike =>
  (url, init = {}) =>
    agent.fetch(url, {
      ...request,
      method: init.method ?? 'GET',
      headers: init.headers ?? {},
      ...(typeof init.body === 'string' && { body: init.body }),
      ...(init.signal && { signal: init.signal }),
    })
