import { checkService } from '@behalf/example-harness'

const audience = 'https://orders.example.com'
const recent = { method: 'GET', path: '/orders' } as const

const direct = { subject: 'user_8f2c1d', clientId: 'app_web', scope: 'orders:read', audience }
const delegated = { ...direct, clientId: 'app_desk', actor: 'agent:support' }

await checkService({ name: 'orders-api', entry: import.meta.resolve('./server.js'), audience }, [
  {
    says: 'an agent reads what the user it acts for bought',
    call: recent,
    carries: delegated,
    expect: { status: 200, body: { subject: 'user_8f2c1d' } },
  },
  {
    says: 'a user reads the own orders without an agent',
    call: recent,
    carries: direct,
    expect: { status: 200, body: { subject: 'user_8f2c1d' } },
  },
  {
    says: 'one of the two scopes is enough',
    call: recent,
    carries: { ...delegated, scope: 'orders:write' },
    expect: { status: 200, body: { subject: 'user_8f2c1d' } },
  },
  {
    says: 'none of them is not',
    call: recent,
    carries: { ...delegated, scope: 'billing:read' },
    expect: { status: 403, code: 'scope_insufficient' },
  },
  {
    says: 'a token for the billing API is refused',
    call: recent,
    carries: { ...delegated, audience: 'https://billing.example.com' },
    expect: { status: 401, code: 'audience_mismatch' },
  },
  {
    says: 'a token of an issuer that is not trusted is refused',
    call: recent,
    carries: delegated,
    mint: (issuer, spec) => issuer.bad.wrongIssuer(spec),
    expect: { status: 401, code: 'issuer_untrusted' },
  },
  {
    says: 'a token signed with the public key for a secret is refused',
    call: recent,
    carries: delegated,
    mint: (issuer, spec) => issuer.bad.hs256Confusion(spec),
    expect: { status: 401, code: 'algorithm_rejected' },
  },
])
