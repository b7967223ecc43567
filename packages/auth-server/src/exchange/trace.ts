import type { AuditRecord } from '../audit/record.js'

/** Reads `traceparent` (W3C Trace Context): version, trace, parent, flags. Undefined where it is malformed. */
export function readTrace(header: string | readonly string[] | undefined): AuditRecord['trace'] {
  if (typeof header !== 'string' || header.length > 128) return undefined
  const [, trace, span] =
    /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:-|$)/u.exec(header) ?? []
  return trace !== undefined && span !== undefined ? { trace_id: trace, span_id: span } : undefined
}
