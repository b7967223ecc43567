import { checkService } from '@behalf/example-harness'

const audience = 'https://refunds.example.com'
const body = { charge: 'ch_5591', amount: 1250 }
const refund = { method: 'POST', path: '/users/user_8f2c1d/refunds', body } as const

const direct = { subject: 'user_8f2c1d', clientId: 'app_web', scope: 'refunds:write', audience }
const agreed = { authorization_details: [{ type: 'refund', identifier: body.charge, amount: body.amount }] }
const delegated = { ...direct, clientId: 'app_desk', actor: 'agent:support', claims: agreed }

await checkService({ name: 'refunds-api', entry: import.meta.resolve('./server.js'), audience }, [
  {
    says: 'the named agent writes a refund for the user it acts for',
    call: refund,
    carries: delegated,
    expect: { status: 201, body: { ...body, id: 're_1', subject: 'user_8f2c1d', actor: 'agent:support' } },
  },
  {
    says: 'a user without an agent does not',
    call: refund,
    carries: direct,
    expect: { status: 403, code: 'actor_unauthorized', audit: 'delegation_required' },
  },
  {
    says: 'nor does an agent that is not named',
    call: refund,
    carries: { ...delegated, actor: 'agent:growth' },
    expect: { status: 403, code: 'actor_unauthorized', audit: 'actor_not_allowed' },
  },
  {
    says: 'nor one that the named agent called: only the current actor counts',
    call: refund,
    carries: { ...delegated, actor: ['agent:growth', 'agent:support'] },
    expect: { status: 403, code: 'actor_unauthorized', audit: 'actor_not_allowed' },
  },
  {
    says: 'the named agent may itself have been called by another',
    call: refund,
    carries: { ...delegated, actor: ['agent:support', 'agent:triage'] },
    expect: { status: 201, body: { ...body, id: 're_2', subject: 'user_8f2c1d', actor: 'agent:support' } },
  },
  {
    says: 'nobody writes to the record of another user',
    call: { ...refund, path: '/users/user_41b7aa/refunds' },
    carries: delegated,
    expect: { status: 403, code: 'subject_mismatch' },
  },
  {
    says: 'nobody refunds more than the user agreed to',
    call: { ...refund, body: { ...body, amount: body.amount + 1 } },
    carries: delegated,
    expect: { status: 403, code: 'policy_denied' },
  },
  {
    says: 'one token is good for one refund',
    call: refund,
    carries: { ...delegated, tokenId: 'once' },
    expect: { status: 201, body: { ...body, id: 're_3' } },
  },
  {
    says: 'and for no second one',
    call: refund,
    carries: { ...delegated, tokenId: 'once' },
    expect: { status: 401, code: 'token_replayed' },
  },
  {
    says: 'the scope is demanded as well',
    call: refund,
    carries: { ...delegated, scope: 'refunds:read' },
    expect: { status: 403, code: 'scope_insufficient' },
  },
  {
    says: 'a chain deeper than four actors is refused',
    call: refund,
    carries: delegated,
    mint: (issuer, spec) => issuer.bad.tooDeepChain(spec),
    expect: { status: 400, code: 'delegation_too_deep' },
  },
  {
    says: 'an allowed call with a body that says nothing is the business of the route',
    call: { ...refund, body: {} },
    carries: delegated,
    expect: { status: 422, audit: 'allowed' },
  },
])
