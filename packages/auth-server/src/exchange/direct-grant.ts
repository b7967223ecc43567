import type { Context } from '../context.js'
import { allOrNothing } from './all-or-nothing.js'
import { answerOf, findingsOf, type Issued } from './answer.js'
import { type Grounds, requireDecision } from './decision.js'
import { type Demand, readDemand } from './demand.js'
import { checkDetails } from './details.js'
import type { Findings } from './findings.js'
import { createGrantType, type GrantAnswer, type GrantRequest, type GrantType } from './grant-handler.js'
import { useGrant } from './just-in-time.js'
import { checkKey } from './key-binding.js'
import { endOf } from './lifetime.js'
import { agentProfile, directGrant } from './names.js'
import { createPossession } from './possession.js'
import { holdGround, type Presenter, requirePresenter } from './presenter.js'
import { createTask } from './task.js'
import { describeTask } from './transaction-context.js'

/**
 * The client credentials grant (RFC 6749 section 4.4): an agent's own access to one API. The token has no `act` and its `sub` is the
 * client (RFC 9068 section 2.2), so no API takes it for a person's.
 */
export function createDirectGrant(context: Context): GrantType {
  const possession = createPossession(context)
  return createGrantType(context, {
    grantType: directGrant,
    parameters: ['scope', 'authorization_details', 'tool', 'txn'],
    possession,
    issue: async (request, findings) => grant(context, request, await possession.prove(request.proof), findings),
  })
}

/** One request from top to bottom. */
async function grant(
  context: Context,
  { clientId, parameters }: GrantRequest,
  key: string | undefined,
  findings: Findings,
): Promise<GrantAnswer> {
  const { issuer } = context.settings
  findings.mode = 'direct'

  const presenter = await requirePresenter(context, clientId, directGrant)
  const { agent, client } = presenter
  findings.actor = { id: agent.id, iss: issuer, profile: agentProfile }
  findings.subject = { id: client.id, iss: issuer, profile: agentProfile }
  const policy = await context.policy.current()
  const demand = readDemand(policy, parameters, undefined, findings)
  const isDemanded = client.metadata.dpop_bound_access_tokens === true || demand.entry.senderConstrained === true
  checkKey({ key, isDemanded })
  const noPerson = { account: undefined, acr: undefined, authTime: undefined }
  const grounds = requireDecision(policy, { ...demand, ...noPerson, agent, now: context.now() })
  checkDetails(demand.details, grounds.permissions)

  const issued = await issue(context, presenter, demand, grounds, key)
  await context.audit.record({
    ...{ ...findings, ...findingsOf(issued) },
    ...(demand.tool === undefined ? {} : { tool: { name: demand.tool } }),
    type: 'access.issued',
    decision: 'allow',
    reason: { code: 'policy', policy: grounds.rows },
  })
  return answerOf(issued)
}

/** Takes the use of a grant where one is needed, and issues the token: both or neither. */
async function issue(
  context: Context,
  presenter: Presenter,
  demand: Demand,
  { permissions }: Grounds,
  key: string | undefined,
): Promise<Issued> {
  const { agent, client } = presenter
  const { resource, scope, details, task, tool } = demand
  const lifetime = context.settings.lifetimes.direct
  const tctx = describeTask(permissions, tool)

  return allOrNothing(context, permissions, async () => {
    await holdGround(context, presenter)
    const call = { agentId: agent.id, subject: null, resource, permissions, tool, lifetime }
    const open = await useGrant(context, { ...call, transaction: task ?? null })
    const { token, record } = await context.tokens.issue({
      parentId: null,
      kind: 'direct',
      subject: client.id,
      agentId: agent.id,
      clientId: client.id,
      resource,
      scope,
      transaction: task ?? createTask(),
      sessionId: null,
      grantId: open?.id ?? null,
      protocolGrantId: null,
      consents: [],
      expiresAt: endOf(context.now(), lifetime, [open?.expiresAt]),
      claims: {
        sub_profile: agentProfile,
        client_profile: agentProfile,
        ...(key === undefined ? {} : { cnf: { jkt: key } }),
        ...(details.length === 0 ? {} : { authorization_details: details }),
        ...(tctx === undefined ? {} : { tctx }),
      },
    })
    return { token, record, details, key }
  })
}
