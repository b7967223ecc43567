import type { Requirement } from './requirement.js'

/** What does the issuer say of a token now? */
export const issuer = [
  {
    id: 'RFC7662-2.2-opaque',
    source: 'RFC 7662 section 2.2',
    text: 'An opaque token is served as what its issuer says it is; what is said is judged like the claims of a JWT.',
  },
  {
    id: 'RFC7662-4-fails',
    source: 'RFC 7662 section 4, Behalf',
    text: 'Without a usable answer about an opaque token the request is 503 introspection_unavailable; a JWT is served all the same.',
  },
  {
    id: 'RFC9701-5-signed',
    source: 'RFC 9701 section 5',
    text: 'Where answers must be signed, one that is not, or by another key, of another type or for another API, is as good as none.',
  },
  {
    id: 'STATUS-LIST-8.3-status',
    source: 'Token Status List draft, section 8.3',
    text: 'A token is served while the list it points to calls it valid, and refused for every other status and for a place the list has not got.',
  },
  {
    id: 'STATUS-LIST-8.3-list',
    source: 'Token Status List draft, sections 5.1 and 8.3',
    text: 'A list that cannot be had, is not signed by the issuer for its own address, has expired or inflates beyond the limit is 503; tokens without a status are served.',
  },
  {
    id: 'STATUS-LIST-11.3-host',
    source: 'Token Status List draft, Behalf',
    text: 'A list is asked for at hosts that are allowed and nowhere else, whatever a token says.',
  },
] as const satisfies readonly Requirement[]
