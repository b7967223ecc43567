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
] as const satisfies readonly Requirement[]
