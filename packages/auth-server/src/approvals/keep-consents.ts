import { consentLifetime } from '../consents/consent-lifetime.js'
import { consentNeeds, permissionsNamed } from '../consents/consent-needs.js'
import type { Context } from '../context.js'
import type { Approval } from './approval.js'

/**
 * Keeps what an approved `consent` item allowed: a consent for every permission that needs one under the policy of now.
 * An item for the server itself (CIBA) covers permissions of every API; what is asked for each task is not among them.
 */
export async function keepConsents(
  { consents, policy, settings, now }: Pick<Context, 'consents' | 'policy' | 'settings' | 'now'>,
  approval: Approval & { readonly subject: string },
  sessionId: string | null,
): Promise<void> {
  const { subject, agentId, request } = approval
  const { scope, details, transaction = null } = request
  const permissions = permissionsNamed(await policy.current(), scope)
  const isForServer = request.resource === settings.issuer
  const resources = isForServer ? Object.values(permissions).map(({ resource }) => resource) : [request.resource]
  const needs = [...new Set(resources)].flatMap((resource) =>
    consentNeeds({ permissions }, { subject, agentId, resource, scope, details, transaction }),
  )
  for (const need of needs) {
    if (need.mode === 'per_task' && need.transaction === null) continue
    await consents.grant({ ...need, sessionId, expiresAt: now() + consentLifetime(settings, need.mode) })
  }
}
