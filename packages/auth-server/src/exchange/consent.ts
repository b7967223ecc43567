import type { Consent } from '../consents/consent.js'
import { consentNeeds } from '../consents/consent-needs.js'
import type { Context } from '../context.js'
import type { Granted } from './decision.js'
import type { Detail } from './details.js'
import { Refusal } from './refusal.js'

/** A call, as far as consent goes. */
export interface ConsentedCall {
  readonly agentId: string
  readonly subject: string
  readonly resource: string
  readonly permissions: readonly Granted[]
  readonly details: readonly Detail[]
  /** The task that client or subject token named; undefined where neither did. */
  readonly transaction: string | undefined
}

/**
 * Takes the consents that the call needs.
 *
 * @throws Refusal `consent_required`, with an item in the person's inbox; `invalid_request` for a consent for one task where none is named
 */
export async function useConsents(
  { consents }: Pick<Context, 'consents'>,
  { permissions, transaction, ...call }: ConsentedCall,
): Promise<readonly Consent[]> {
  const needs = consentNeeds(
    { permissions: Object.fromEntries(permissions.map((permission) => [permission.name, permission])) },
    { ...call, scope: permissions.map(({ name }) => name), transaction: transaction ?? null },
  )
  if (needs.length === 0) return []
  const isPerTask = needs.some(({ mode }) => mode === 'per_task')
  if (isPerTask && transaction === undefined) {
    throw new Refusal('invalid_request', 'transaction_missing', 'txn is required: consent is given for one task')
  }
  const used = await consents.use(needs)
  if (used !== undefined) return used
  const lacking: string[] = []
  for (const need of needs) {
    // what this takes is given back: the request is refused
    if ((await consents.use([need])) === undefined) lacking.push(need.permission)
  }
  throw new Refusal('consent_required', 'consent_missing', 'the person has to agree first', {
    ask: {
      kind: 'consent',
      agentId: call.agentId,
      subject: call.subject,
      request: {
        resource: call.resource,
        scope: [...new Set(lacking.length === 0 ? needs.map(({ permission }) => permission) : lacking)].toSorted(),
        ...(call.details.length === 0 ? {} : { details: call.details }),
        ...(isPerTask ? { transaction } : {}),
      },
    },
  })
}
