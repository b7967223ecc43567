import type { DelegationClient, DelegationRequest } from '@behalf/agent'
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'

/** The `fetch` of an MCP transport: every request goes with a token for it. */
export const throughAgent =
  (agent: DelegationClient, request: DelegationRequest): FetchLike =>
  (url, { method, headers, body, signal } = {}) =>
    agent.fetch(url, {
      ...request,
      ...(method !== undefined && { method }),
      ...(headers !== undefined && { headers }),
      ...(typeof body === 'string' && { body }),
      ...(signal && { signal }),
    })
