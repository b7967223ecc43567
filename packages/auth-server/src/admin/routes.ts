import type { Context } from '../context.js'
import { accountRoutes } from './resources/accounts.js'
import { agentRoutes } from './resources/agents.js'
import { approvalRoutes } from './resources/approvals.js'
import { auditRoutes } from './resources/audit.js'
import { auditAuthorityRoutes } from './resources/audit-authority.js'
import { clientSecretRoutes } from './resources/client-secrets.js'
import { clientRoutes } from './resources/clients.js'
import { consentRoutes } from './resources/consents.js'
import { eventStreamRoutes } from './resources/event-streams.js'
import { grantRoutes } from './resources/grants.js'
import { keyRoutes } from './resources/keys.js'
import { policyRoutes } from './resources/policy.js'
import { policyFileRoutes } from './resources/policy-file.js'
import { policyLintRoutes } from './resources/policy-lint.js'
import { policyPartRoutes } from './resources/policy-parts.js'
import { policyQuestionRoutes } from './resources/policy-questions.js'
import { revocationRoutes } from './resources/revocations.js'
import { sessionRoutes } from './resources/sessions.js'
import { tokenRoutes } from './resources/tokens.js'
import type { Route } from './route.js'

/** Every route of the admin API: router, guard, document and tests are made from this table. */
export function adminRoutes(context: Context): readonly Route[] {
  return [
    agentRoutes,
    clientRoutes,
    clientSecretRoutes,
    accountRoutes,
    policyRoutes,
    policyPartRoutes,
    policyQuestionRoutes,
    policyLintRoutes,
    policyFileRoutes,
    grantRoutes,
    consentRoutes,
    approvalRoutes,
    keyRoutes,
    tokenRoutes,
    revocationRoutes,
    eventStreamRoutes,
    sessionRoutes,
    auditRoutes,
    auditAuthorityRoutes,
  ].flatMap((routesOf) => routesOf(context))
}
