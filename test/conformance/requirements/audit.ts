import type { Requirement } from './requirement.js'

/** What is recorded about a decision. */
export const audit = [
  {
    id: 'BEHALF-one-event',
    source: 'Behalf',
    text: 'Each decision is recorded by exactly one event, whether it allows, refuses or fails.',
  },
  {
    id: 'BEHALF-event-allow',
    source: 'Behalf',
    text: 'The event of an allowed request names subject, actor, chain, client, token, scopes asked for and granted, resource, route and method.',
  },
  {
    id: 'BEHALF-event-deny',
    source: 'Behalf',
    text: 'The event of a refused request says the same with the exact code and the OAuth error.',
  },
  {
    id: 'BEHALF-event-unproven',
    source: 'Behalf',
    text: 'Of a token whose signature was not proven only the hash is recorded: nobody is named by somebody who cannot sign.',
  },
  {
    id: 'BEHALF-event-hash',
    source: 'Behalf',
    text: 'A token is named by the first 16 bytes of its SHA-256, in base64url.',
  },
  {
    id: 'RFC9562-5.7-event-id',
    source: 'RFC 9562 section 5.7',
    text: 'The identifier of an event is a UUID version 7 of the time of the event; no two are equal.',
  },
  {
    id: 'W3C-TRACE-CONTEXT',
    source: 'W3C Trace Context section 3.2',
    text: 'A well-formed traceparent is recorded; a malformed one, or one of zeros, is ignored.',
  },
  {
    id: 'BEHALF-event-transaction',
    source: 'Behalf',
    text: 'The transaction of a token is recorded, so that everything done for one task can be joined.',
  },
  {
    id: 'BEHALF-event-route',
    source: 'Behalf',
    text: 'The template of the route is recorded, never the path with what the caller put into it.',
  },
  {
    id: 'BEHALF-event-line',
    source: 'Behalf',
    text: 'Whatever a caller sends, an event is one line of JSON of at most 4 kB without control characters.',
  },
  {
    id: 'BEHALF-event-no-secret',
    source: 'Behalf',
    text: 'No event, answer or warning holds a token or a key.',
  },
  {
    id: 'BEHALF-sink-fails',
    source: 'Behalf',
    text: 'A sink that throws, rejects or hangs changes no decision when auditing is best effort.',
  },
  {
    id: 'BEHALF-audit-required',
    source: 'Behalf',
    text: 'When auditing is required a sink that throws, rejects or hangs turns every decision into 503.',
  },
] as const satisfies readonly Requirement[]
