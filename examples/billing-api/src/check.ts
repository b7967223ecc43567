import { checkService } from '@behalf/example-harness'

const audience = 'https://billing.example.com'
const plan = { method: 'GET', path: '/plan' } as const
const charges = { method: 'GET', path: '/charges' } as const

const direct = { subject: 'user_8f2c1d', clientId: 'app_web', scope: 'billing:read', audience }
const delegated = { ...direct, clientId: 'app_desk', actor: 'agent:support' }

await checkService({ name: 'billing-api', entry: import.meta.resolve('./server.js'), audience }, [
  {
    says: 'an agent reads the plan of the user it acts for',
    call: plan,
    carries: delegated,
    expect: {
      status: 200,
      body: {
        subject: 'user_8f2c1d',
        plan: { name: 'Team', price: { amount: 4900, currency: 'EUR' }, renews: '2026-12-04' },
      },
    },
  },
  {
    says: 'a user reads the own plan without an agent',
    call: plan,
    carries: direct,
    expect: { status: 200, body: { subject: 'user_8f2c1d' } },
  },
  {
    says: 'another user gets another plan',
    call: plan,
    carries: { ...direct, subject: 'user_41b7aa' },
    expect: {
      status: 200,
      body: {
        subject: 'user_41b7aa',
        plan: { name: 'Starter', price: { amount: 900, currency: 'EUR' }, renews: '2026-12-11' },
      },
    },
  },
  {
    says: 'the scope of the plan does not open the charges',
    call: charges,
    carries: delegated,
    expect: { status: 403, code: 'scope_insufficient' },
  },
  {
    says: 'the scope of the charges does',
    call: charges,
    carries: { ...delegated, scope: 'charges:read' },
    expect: { status: 200, body: { subject: 'user_8f2c1d' } },
  },
  {
    says: 'a token for another API is refused',
    call: plan,
    carries: { ...delegated, audience: 'https://orders.example.com' },
    expect: { status: 401, code: 'audience_mismatch' },
  },
  {
    says: 'an expired token is refused',
    call: plan,
    carries: delegated,
    mint: (issuer, spec) => issuer.bad.expired(spec),
    expect: { status: 401, code: 'token_expired' },
  },
  {
    says: 'a call without a token is refused',
    call: plan,
    carries: null,
    expect: { status: 401, code: 'token_missing' },
  },
])
