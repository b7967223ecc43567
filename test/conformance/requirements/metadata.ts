import type { Requirement } from './requirement.js'

/** What this API says of itself. */
export const metadata = [
  {
    id: 'RFC9728-3.1-address',
    source: 'RFC 9728 section 3.1',
    text: 'The document is at the well-known address, the well-known part between host and path of the resource.',
  },
  {
    id: 'RFC9728-2-document',
    source: 'RFC 9728 sections 2 and 3.2',
    text: 'It is JSON, names the resource as configured, the issuers, the way tokens are sent and the scopes of the routes.',
  },
  {
    id: 'RFC9728-5.1-challenge',
    source: 'RFC 9728 section 5.1',
    text: 'Once it is served every challenge points to it, as the last parameter; before that none does.',
  },
  {
    id: 'BEHALF-metadata-methods',
    source: 'Behalf, RFC 9110 section 9.3.2',
    text: 'GET and HEAD of exactly that address are answered without a token; everything else goes its way.',
  },
  {
    id: 'BEHALF-metadata-not-from-request',
    source: 'Behalf, RFC 9728 section 7.3',
    text: 'Nothing of a request enters the document or its address.',
  },
] as const satisfies readonly Requirement[]
