import type { Context } from '../context.js'
import { type ActorClaim, extendChain, linksOf } from './actor-chain.js'
import { readActorToken } from './actor-token.js'
import { allOrNothing } from './all-or-nothing.js'
import { answerOf, findingsOf, type Issued } from './answer.js'
import { useConsents } from './consent.js'
import { type Grounds, requireDecision } from './decision.js'
import { type Demand, readDemand } from './demand.js'
import { checkDetails, type Detail, narrowDetails } from './details.js'
import type { Findings } from './findings.js'
import { createGrantType, type GrantAnswer, type GrantRequest, type GrantType } from './grant-handler.js'
import { assuranceOf, inheritedFrom, profileOf } from './inheritance.js'
import { useGrant } from './just-in-time.js'
import { checkKey } from './key-binding.js'
import { endOf, maxDelegationLifetime } from './lifetime.js'
import { accessTokenType, agentProfile, tokenExchangeGrant } from './names.js'
import type { Parameters } from './parameters.js'
import { createPossession } from './possession.js'
import { requirePresentation } from './presentation.js'
import { holdGround, type Presenter, requirePresenter } from './presenter.js'
import { Refusal } from './refusal.js'
import { checkScope } from './scope.js'
import { isTokenType, requireSubjectToken, type SubjectToken } from './subject-token.js'
import { createTask } from './task.js'
import { describeTask } from './transaction-context.js'

const parameterNames = [
  ...['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type'],
  ...['scope', 'authorization_details', 'tool', 'txn'],
]

/**
 * The token exchange grant (RFC 8693): an agent's client presents a person's token and gets a delegation token for one API, in which
 * the person stays the subject and the agent is the actor. Nothing is narrowed silently, and there is never a refresh token.
 */
export function createTokenExchange(context: Context): GrantType {
  const possession = createPossession(context)
  return createGrantType(context, {
    grantType: tokenExchangeGrant,
    parameters: parameterNames,
    possession,
    issue: async (request, findings) => exchange(context, request, await possession.prove(request.proof), findings),
  })
}

/** One exchange from top to bottom. */
async function exchange(
  context: Context,
  { clientId, parameters }: GrantRequest,
  key: string | undefined,
  findings: Findings,
): Promise<GrantAnswer> {
  const { issuer, maxChainDepth } = context.settings
  findings.mode = 'delegated'

  const presenter = await requirePresenter(context, clientId, tokenExchangeGrant)
  findings.actor = { id: presenter.agent.id, iss: issuer, profile: agentProfile }
  const issuedType = readRequestedType(parameters)
  const subject = await requireSubjectToken(context, parameters)
  findings.subject = { id: subject.account.subject, iss: issuer, profile: profileOf(subject.token.claims) }
  findings.assurance = assuranceOf(subject.token)
  const actorToken = await readActorToken(context, parameters, presenter)
  const policy = await context.policy.current()
  const presentation = requirePresentation(context, policy, subject.token, presenter)

  const demand = readDemand(policy, parameters, subject.token, findings)
  checkKey({ key, isDemanded: demandsKey(presenter, demand), presentation, subjectToken: subject.token, actorToken })
  checkScope(policy, demand.scope, subject.token, presentation)
  const { acr, auth_time: authTime } = subject.token.claims
  const grounds = requireDecision(policy, {
    ...presenter,
    ...demand,
    account: subject.account,
    acr,
    authTime,
    now: context.now(),
  })
  const details = narrowDetails(demand.details, subject.token, grounds.permissions, demand.resource)
  checkDetails(details, grounds.permissions, subject.token)
  const act = extendChain(subject.token, presenter.agent.id, issuer, maxChainDepth)

  const issued = await issue(context, { presenter, subject, demand, grounds, details, act, key })
  const chain = linksOf(act).map(({ sub: id, iss, sub_profile: profile }) => ({ id, iss, profile }))
  const reason = { code: 'policy', policy: grounds.rows }
  const tctx = describeTask(grounds.permissions, demand.tool)
  await context.audit.record({
    ...{ ...findings, ...findingsOf(issued), chain, reason },
    ...(tctx?.tool === undefined ? {} : { tool: { name: tctx.tool } }),
    ...(tctx?.purpose === undefined ? {} : { purpose: tctx.purpose }),
    type: 'delegation.issued',
    decision: 'allow',
  })
  return { ...answerOf(issued), issued_token_type: issuedType }
}

/** What was found to be right. */
interface Delegation {
  readonly presenter: Presenter
  readonly subject: SubjectToken
  readonly demand: Demand
  readonly grounds: Grounds
  readonly details: readonly Detail[]
  readonly act: ActorClaim
  readonly key: string | undefined
}

/** Takes what can be taken once, and issues the token: all of it, or nothing. */
async function issue(context: Context, delegation: Delegation): Promise<Issued> {
  const { presenter, subject, demand, grounds, details, act, key } = delegation
  const { agent, client } = presenter
  const { token: parent, account } = subject
  const { resource, entry, scope, task, tool } = demand
  const { permissions } = grounds
  const lifetime = Math.min(entry.tokenLifetime ?? context.settings.lifetimes.delegation, maxDelegationLifetime)
  const call = { agentId: agent.id, subject: account.subject, resource, permissions, tool }
  const tctx = describeTask(permissions, tool)

  return allOrNothing(context, permissions, async () => {
    await holdGround(context, presenter, parent.tokenId)
    const grant = await useGrant(context, { ...call, lifetime, transaction: task ?? null })
    const consents = await useConsents(context, { ...call, details, transaction: task })
    const ends = [parent.expiresAt, grant?.expiresAt, ...consents.map(({ expiresAt }) => expiresAt)]
    const { token, record } = await context.tokens.issue({
      parentId: parent.tokenId,
      kind: 'delegated',
      subject: account.subject,
      agentId: agent.id,
      clientId: client.id,
      resource,
      scope,
      transaction: task ?? createTask(),
      sessionId: parent.sessionId,
      grantId: grant?.id ?? parent.grantId,
      protocolGrantId: parent.protocolGrantId,
      consents: consents.map(({ id }) => id),
      expiresAt: endOf(context.now(), lifetime, ends),
      claims: {
        ...inheritedFrom(parent),
        client_profile: agentProfile,
        act: { ...act },
        ...(key === undefined ? {} : { cnf: { jkt: key } }),
        ...(details.length === 0 ? {} : { authorization_details: details }),
        ...(tctx === undefined ? {} : { tctx }),
      },
    })
    return { token, record, details, key }
  })
}

function demandsKey({ client }: Presenter, { entry }: Demand): boolean {
  return client.metadata.dpop_bound_access_tokens === true || entry.senderConstrained === true
}

/** `issued_token_type` of the answer. */
function readRequestedType(parameters: Parameters): string {
  const type = parameters.text('requested_token_type') ?? accessTokenType
  if (isTokenType(type)) return type
  throw new Refusal('invalid_request', 'requested_token_type', 'requested_token_type must be access_token or jwt')
}
