/**
 * How much of a scenario applies to `@behalf/agent`, which gets tokens for an agent by client credentials and token exchange, and
 * signs nobody in. `whole`: every check passes. `part`: the checks of `fails` belong to somebody else, and the others pass.
 */
export type Applies = 'whole' | 'part' | 'no'

/** What becomes of one `auth/*` client scenario of the MCP conformance suite. */
export interface Scenario {
  readonly name: string
  readonly applies: Applies
  /** What it shows, or why not. */
  readonly why: string
  /** Checks that say so: each must pass. Empty for those that do not apply. */
  readonly passes: readonly string[]
  /** Checks that cannot pass, all of them. */
  readonly fails: readonly string[]
  /** Whether the tool is called in the end, or the agent stops before. */
  readonly ends: 'called' | 'refused'
}

/** `@modelcontextprotocol/conformance` that this table is about. */
export const suiteVersion = '0.2.0-alpha.12'

const signIn = 'it is about the authorization code flow: the sign-in of a person belongs to the application'
const scopes = 'scopes are what the caller names or the catalogue gives the tool; an API does not choose them'
const others = 'registering and signing in are not its work'
const proofs = 'of requests for tokens the suite counts those with a code alone'
const keys = 'an agent proves itself with a key: no shared secret, no public client'

/** A scenario that is not run. */
const not = (name: string, why: string): Scenario => ({
  name: `auth/${name}`,
  applies: 'no',
  why,
  passes: [],
  fails: [],
  ends: 'refused',
})

interface Outcome extends Pick<Scenario, 'passes'>, Partial<Pick<Scenario, 'fails' | 'ends'>> {}

const runs = (name: string, why: string, { passes, fails = [], ends = 'called' }: Outcome): Scenario => ({
  name: `auth/${name}`,
  applies: fails.length === 0 ? 'whole' : 'part',
  why,
  passes,
  fails,
  ends,
})

/** Where the metadata of the server is found. */
const discovery = (name: string, why: string): Scenario =>
  runs(name, why, {
    passes: [
      'authorization-server-metadata',
      'token-request',
      'resource-parameter-in-token',
      'resource-parameter-valid-uri',
      'resource-parameter-matches-prm',
    ],
    fails: ['authorization-request', 'client-registration', 'resource-parameter-in-authorization'],
  })

/** Every `auth/*` client scenario of the suite, in its order. */
export const scenarios: readonly Scenario[] = [
  discovery('metadata-default', `the server is found by RFC 8414, the token is for the resource; ${others}`),
  discovery('metadata-var1', `the server is found by OpenID Connect Discovery, where it has nothing else; ${others}`),
  discovery('metadata-var2', `the server is found by RFC 8414, its issuer with a path; ${others}`),
  discovery('metadata-var3', `the server is found by OpenID Connect Discovery, its issuer with a path; ${others}`),
  not('basic-cimd', 'a client id is given by the owner of the server, not a document of the client'),
  not('scope-from-www-authenticate', scopes),
  not('scope-from-scopes-supported', scopes),
  not('scope-omitted-when-undefined', signIn),
  not('scope-step-up', `a 403 is final; ${scopes}`),
  not('scope-retry-limit', 'a 403 is final: there is nothing to limit'),
  not('token-endpoint-auth-basic', keys),
  not('token-endpoint-auth-post', keys),
  not('token-endpoint-auth-none', keys),
  not('pre-registration', keys),
  not('2025-03-26-oauth-metadata-backcompat', signIn),
  not('2025-03-26-oauth-endpoint-fallback', signIn),
  runs('resource-mismatch', 'metadata of another resource changes nothing: the token is for what is called', {
    passes: ['resource-mismatch-rejected'],
  }),
  not('offline-access-scope', signIn),
  not('offline-access-not-supported', signIn),
  runs(
    'authorization-server-migration',
    'an API that names another server is not followed there: its owner tells an agent its server',
    {
      passes: ['valid-bearer-token', 'sep-2352-no-reuse-on-as-change', 'sep-2352-no-cross-as-credential-reuse'],
      fails: ['sep-2352-reregister-on-as-change'],
      ends: 'refused',
    },
  ),
  not('iss-supported', signIn),
  not('iss-not-advertised', signIn),
  not('iss-supported-missing', signIn),
  not('iss-wrong-issuer', signIn),
  not('iss-unexpected', signIn),
  not('iss-normalized', signIn),
  runs('metadata-issuer-mismatch', 'metadata that names another issuer is not used', {
    passes: ['sep-2468-client-validate-metadata-issuer'],
    ends: 'refused',
  }),
  runs('client-credentials-jwt', 'a token of its own, by `private_key_jwt` with the issuer as audience', {
    passes: ['client-credentials-jwt-verified', 'valid-bearer-token'],
  }),
  not('client-credentials-basic', keys),
  not('enterprise-managed-authorization', 'it asks one server alone, and presents no assertion of another'),
  runs('dpop', `tokens are bound, every request has a proof of its own; ${proofs}`, {
    passes: ['sep-1932-client-dpop-auth-scheme', 'sep-1932-client-fresh-proof'],
    fails: ['sep-1932-client-token-request-proof'],
  }),
  runs(
    'dpop-nonce',
    `tokens are bound, every request has a proof of its own, with the nonce that server and API demand; ${proofs}`,
    {
      passes: ['sep-1932-client-dpop-auth-scheme', 'sep-1932-client-fresh-proof', 'sep-1932-client-rs-nonce'],
      fails: ['sep-1932-client-as-nonce', 'sep-1932-client-token-request-proof'],
    },
  ),
  not('wif-jwt-bearer', 'it asks one server alone, and presents no assertion of another'),
]
