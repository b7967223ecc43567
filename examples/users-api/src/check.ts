import { checkService } from '@behalf/example-harness'

const audience = 'https://users.example.com'
const own = { method: 'GET', path: '/users/user_8f2c1d' } as const
const foreign = { method: 'GET', path: '/users/user_41b7aa' } as const

const direct = { subject: 'user_8f2c1d', clientId: 'app_web', scope: 'profile:read', audience }
const delegated = { ...direct, clientId: 'app_desk', actor: 'agent:support' }

await checkService({ name: 'users-api', entry: import.meta.resolve('./server.js'), audience }, [
  {
    says: 'an agent reads the profile of the user it acts for',
    call: own,
    carries: delegated,
    expect: { status: 200, body: { id: 'user_8f2c1d', locale: 'en-IE' } },
  },
  {
    says: 'a user reads the own profile without an agent',
    call: own,
    carries: direct,
    expect: { status: 200, body: { id: 'user_8f2c1d' } },
  },
  {
    says: 'an agent does not reach the profile of another user',
    call: foreign,
    carries: delegated,
    expect: { status: 403, code: 'subject_mismatch' },
  },
  {
    says: 'nor does a user',
    call: foreign,
    carries: direct,
    expect: { status: 403, code: 'subject_mismatch' },
  },
  {
    says: 'the other user does',
    call: foreign,
    carries: { ...direct, subject: 'user_41b7aa' },
    expect: { status: 200, body: { id: 'user_41b7aa' } },
  },
  {
    says: 'a profile that does not exist looks like one of another user',
    call: { method: 'GET', path: '/users/user_000000' },
    carries: delegated,
    expect: { status: 403, code: 'subject_mismatch' },
  },
  {
    says: 'a token without the scope is refused',
    call: own,
    carries: { ...delegated, scope: 'billing:read' },
    expect: { status: 403, code: 'scope_insufficient' },
  },
  {
    says: 'a changed token is refused',
    call: own,
    carries: delegated,
    mint: (issuer, spec) => issuer.bad.tampered(spec),
    expect: { status: 401, code: 'signature_invalid' },
  },
])
