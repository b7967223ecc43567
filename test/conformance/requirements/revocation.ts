import type { Requirement } from './requirement.js'

/** Is the token still in force? */
export const revocation = [
  {
    id: 'BEHALF-revoked',
    source: 'Behalf',
    text: 'A token is refused from the moment its subject, actor, client, session, transaction, grant or jti is withdrawn, also when it was served before; others are served.',
  },
  {
    id: 'BEHALF-revoked-before',
    source: 'Behalf',
    text: 'A watermark withdraws what was issued at or before it; a later token of the same subject is served.',
  },
  {
    id: 'BEHALF-revoked-issuer',
    source: 'Behalf',
    text: 'A revocation concerns the tokens of its issuer alone.',
  },
  {
    id: 'BEHALF-revocation-fails',
    source: 'Behalf',
    text: 'A check that throws, rejects, hangs or answers something else than false or true is 503 revocation_unavailable.',
  },
  {
    id: 'BEHALF-revocation-every-check',
    source: 'Behalf',
    text: 'Of several checks each one can refuse.',
  },
  {
    id: 'BEHALF-revocation-after-possession',
    source: 'Behalf',
    text: 'Whoever cannot prove possession does not learn that a token was withdrawn.',
  },
  {
    id: 'RFC7662-2.2-route',
    source: 'RFC 7662 section 2.2',
    text: 'On a route that demands introspection a JWT is served only while its issuer calls it active; on other routes the issuer is not asked.',
  },
  {
    id: 'BEHALF-introspection-stacked',
    source: 'Behalf, RFC 7662 section 2.2',
    text: 'Where an answer about an opaque token counts no longer, the next guard of the same request asks again; one that binds the token otherwise refuses it.',
  },
  {
    id: 'BEHALF-introspection-route-refuses',
    source: 'Behalf',
    text: 'An answer about a JWT can only refuse it: one that disagrees with the token refuses it, and nothing makes a token that does not hold by itself count.',
  },
  {
    id: 'BEHALF-introspection-route-order',
    source: 'Behalf',
    text: 'The issuer is asked after possession is proven and before the demands of the route are looked at; a token that is refused there is not used up.',
  },
  {
    id: 'BEHALF-introspection-route-fails',
    source: 'Behalf',
    text: 'A route that demands introspection is 503 introspection_unavailable while the issuer gives no usable answer; other routes are served.',
  },
  {
    id: 'BEHALF-introspection-route-settings',
    source: 'Behalf',
    text: 'A route that demands introspection of an API that cannot ask, or not about every token, fails at start-up; one that demands it later is 500.',
  },
] as const satisfies readonly Requirement[]
