import { by, byEach, type Demand } from './demand.js'

const access = 'demands/access.test.ts'
const change = 'demands/change.test.ts'
const people = 'demands/people.test.ts'
const server = 'demands/server.test.ts'
const task = 'demands/task.test.ts'
const langchain = 'langchain/agent.test.ts'
const libraries = 'auth-server/interop/libraries.test.ts'
const exchange = 'auth-server/exchange'
const onEveryApi = byEach(
  libraries,
  'gets tokens that an API on %s accepts',
  ['Express 5', 'Express 4', 'Fastify', 'Koa', 'Hono'],
  'interop/apps.ts',
)

const otherServers = ['auth0', 'keycloak', 'entra v2.0', 'entra v1.0', 'okta', 'cognito'] as const

/** What is asked of agents' access to APIs. */
const ofAccess: readonly Demand[] = [
  {
    id: 'A1',
    demand: 'An API knows which agent calls, and for whom.',
    proofs: [onEveryApi],
  },
  {
    id: 'A2',
    demand: 'What an agent may do or see is controlled, route by route.',
    proofs: [by(access, 'A2: each person, agent, scope and route')],
  },
  {
    id: 'A3',
    demand: 'Many APIs do not become one trust boundary.',
    proofs: [by(access, 'A3: a token for one API')],
  },
  {
    id: 'A4',
    demand: 'Permissions come and go while an agent runs.',
    proofs: [
      by(change, 'A4: a role that is given or taken'),
      by(`${exchange}/permits.test.ts`, 'are needed, used up, and never outlived'),
    ],
  },
  {
    id: 'A5',
    demand: 'A certain agent can be kept from a certain permission.',
    proofs: [by(change, 'A5: one agent may not ask')],
  },
  {
    id: 'A6',
    demand: 'A permission can need a new consent each time.',
    proofs: [
      by(people, 'A6: every use needs a consent'),
      by('auth-server/consents/consents.test.ts', 'given for each time serves one call'),
      byEach('auth-server/consents/consents.test.ts', 'never serves %s', [
        'another person',
        'another agent',
        'another permission',
        'another API',
        'another record',
        'another task',
      ]),
    ],
  },
  {
    id: 'A7',
    demand: 'It is on record which agent made which call with which permissions.',
    proofs: [by(task, 'A7: a task of three tools')],
  },
  {
    id: 'A8',
    demand: 'One service knows agents, decides, issues tokens and keeps the trail.',
    proofs: [by(server, 'A8: one server'), by(change, 'A8: the trail is asked')],
  },
  {
    id: 'A9',
    demand: 'Permissions are decided in one place, and changed there.',
    proofs: [by(change, 'A9: another policy file')],
  },
  {
    id: 'A10',
    demand: 'Agents get tokens by each grant there is.',
    proofs: [
      byEach(libraries, 'signs a person in, the request %s', ['pushed', 'in the URL']),
      by(
        libraries,
        'rotates refresh tokens',
        'gets the agent its own token',
        'exchanges the token of a person',
        'asks a person who is elsewhere',
      ),
      by('auth-server/interop/mcp.test.ts', 'ClientCredentialsProvider', 'PrivateKeyJwtProvider'),
    ],
  },
  {
    id: 'A11',
    demand: 'A scope that is denied is never handed out.',
    proofs: [
      by(change, 'A11: no way of asking'),
      by('auth-server/policy/property.test.ts', 'never returns a permission that a rule denies'),
    ],
  },
  {
    id: 'A12',
    demand: 'Events of every service and tool come together, each once.',
    proofs: [
      by('auth-server/ingest/task.test.ts', 'shows issued, allowed and refused in order', 'is intact, with a chain'),
      by('auth-server/ingest/ingest.test.ts', 'are kept once, in order', 'are kept once when they arrive'),
      by('auth-server/ingest/faults.test.ts', 'events wait, and none is lost', 'what finds no room is counted'),
      by('langchain/events.test.ts', 'what an agent did is in the trail'),
    ],
  },
  {
    id: 'A13',
    demand: 'An agent asks for every kind of access in one way.',
    proofs: [
      by(
        'agent/server.test.ts',
        'says for whom, through whom and where',
        'of the agent itself',
        'until a person agrees',
        'until those who decide about the agent approve',
      ),
    ],
  },
  {
    id: 'A14',
    demand: 'Agents have roles, which can be changed while they run.',
    proofs: [by(change, 'A14: a changed role is in the trail')],
  },
  {
    id: 'A15',
    demand: 'More can be allowed for a limited window.',
    proofs: [by(change, 'A15: refused before it is approved')],
  },
  {
    id: 'A16',
    demand: 'The standards are OAuth 2 and OpenID Connect, as others implement them.',
    proofs: [
      by(libraries, 'takes no answer of another issuer', 'learns what a token is'),
      by('interop/adapters.test.ts', 'a delegated token names the user and the agent'),
    ],
  },
  {
    id: 'A17',
    demand: 'A person signs in and an agent acts on their behalf.',
    proofs: [by(people, 'A17: sign-in, consent, exchange')],
  },
  {
    id: 'A18',
    demand: 'An agent can act for itself.',
    proofs: [by(access, "A18: an agent's own token")],
  },
  {
    id: 'A19',
    demand: 'The person is known, and how lately they signed in.',
    proofs: [by(people, 'A19: a route for who signed in lately')],
  },
  {
    id: 'A20',
    demand: 'No person sees what is of another.',
    proofs: [
      by(access, 'A20: of many at the same time'),
      onEveryApi,
      by('agent/cache.test.ts', 'two people through one client, 10,000 times'),
      by('agent/interleaving.test.ts', 'Ada and Bob, 10,000 times in turn'),
    ],
  },
  {
    id: 'A21',
    demand: 'An agent gets no more than the person has.',
    proofs: [by(access, 'A21: what a person lacks')],
  },
  {
    id: 'A22',
    demand: 'The person lets the agent act in their name, and reads what for.',
    proofs: [by(people, 'A22: the person reads which agent')],
  },
  {
    id: 'A23',
    demand: 'An API that was called calls on for the same person.',
    proofs: [
      by(access, 'A23: an API that was called calls on'),
      by(`${exchange}/issue.test.ts`, 'nest the actors exactly'),
    ],
  },
  {
    id: 'A24',
    demand: 'An agent proves itself with credentials of its own.',
    proofs: [by(server, 'A24: a wrong, an expired', 'A24: an assertion that was used')],
  },
  {
    id: 'A25',
    demand: 'Only clients that keep a secret act as agents.',
    proofs: [by(server, 'A25: a client without credentials'), by(`${exchange}/attacks.test.ts`, 'a public client')],
  },
  {
    id: 'A26',
    demand: 'No token lives long, and credentials are rotated.',
    proofs: [
      by(server, 'A26: none lives longer', 'A26: a secret is changed', 'A26: the signing key is rotated'),
      by('auth-server/keys/rotation-under-load.test.ts', 'refuses nothing, at the token endpoint or at an API'),
    ],
  },
  {
    id: 'A27',
    demand: 'One agent acts for people and for itself, and never mixes them up.',
    proofs: [
      by('agent/cache.test.ts', 'whatever makes two tokens different makes two requests'),
      by('agent/failure.test.ts', 'a subject token that turned out to be nothing'),
    ],
  },
  {
    id: 'A28',
    demand: 'Roles, scopes and rules keep an agent in bounds.',
    proofs: [by(access, 'A2: each person'), by(change, 'A5: one agent')],
  },
  {
    id: 'A29',
    demand: 'A token holds what is needed and no more.',
    proofs: [
      by(access, 'A29: a token for a tool'),
      by('auth-server/policy/lint.test.ts', 'finds permissions that no role has'),
    ],
  },
  {
    id: 'A30',
    demand: 'Much is allowed only while it is needed.',
    proofs: [
      by(change, 'A30: when a task is done'),
      by('auth-server/revocation/within-a-second.test.ts', 'is in force at the API within a second'),
    ],
  },
  {
    id: 'A31',
    demand: 'Agent, person, API and scope are on record of every decision.',
    proofs: [by(access, 'A31: agent, person, API and scope')],
  },
  {
    id: 'A32',
    demand: 'Nobody gets more than they may, in whatever way they ask.',
    proofs: [
      by(change, 'A32: no grant is used for more', 'A32: an agent that loses its role'),
      by(libraries, 'gets no more by refreshing', 'exchanges the token of a person'),
      by(`${exchange}/attacks.test.ts`, 'scope widening beyond the subject token', 'scope widening at the next hop'),
    ],
  },
  {
    id: 'A33',
    demand: 'Acting for itself does not turn into acting for a person.',
    proofs: [by(access, "A33: an agent's own token")],
  },
  {
    id: 'A34',
    demand: 'Secrets and tokens are stored so that a copy is of no use.',
    proofs: [
      by(server, 'A34: neither the database nor the log'),
      by('auth-server/keys/at-rest.test.ts', 'holds no secret, no password and no private key'),
      by('agent/failure.test.ts', 'not a token, and not a client'),
    ],
  },
  {
    id: 'A35',
    demand: 'Many rules stay understandable, and quick.',
    proofs: [
      by('auth-server/policy/decide.test.ts', 'has every row that matched, in order'),
      byEach('auth-server/policy/lint.test.ts', 'finds %s, and nothing where it still counts', [
        'a deny after a broader deny',
        'a deny after one of its API',
        'a deny after one of its risk',
      ]),
    ],
    measuredBy: 'bench/policy.ts',
  },
  {
    id: 'A36',
    demand: 'Auditing many services costs little, and loses nothing unseen.',
    proofs: [
      by(
        'faults/audit.test.ts',
        'the decision is there before the sink is called',
        'the count of the lost comes as one event',
      ),
      by('auth-server/audit/trail.test.ts', 'is counted, logged and told of when it is best effort'),
    ],
    measuredBy: 'bench/audit-trail.ts',
  },
  {
    id: 'A37',
    demand: 'Checking a token adds no wait for the network.',
    proofs: [by('conformance/keys.test.ts', 'BEHALF-keys-fetched-once'), by(server, 'A41: while the server is away')],
    measuredBy: 'bench/verify.ts',
  },
  {
    id: 'A38',
    demand: 'Tokens of other servers are understood.',
    proofs: [
      byEach('profiles/profiles.test.ts', 'accepts %s', otherServers, 'profiles/documented.ts'),
      byEach('profiles/profiles.test.ts', 'refuses %s', otherServers, 'profiles/documented.ts'),
    ],
  },
  {
    id: 'A39',
    demand: 'A permission that nobody knows is denied, or put before a person.',
    proofs: [
      by(change, 'A39: a permission that nobody knows'),
      by(`${exchange}/permits.test.ts`, 'is looked at by people where the policy says so'),
    ],
  },
  {
    id: 'A40',
    demand: 'The guards work without this auth server.',
    proofs: [
      byEach('interop/oauth4webapi.test.ts', '$name: $code', [
        'as issued',
        'no scope',
        'expired',
        'another audience',
        'another issuer',
        'an ID token',
        'alg none',
        'alg HS256',
        'an unknown kid',
        'a changed signature',
        'changed claims',
      ]),
      by('interop/adapters.test.ts', 'a direct token names the client alone'),
    ],
  },
  {
    id: 'A41',
    demand: 'Not every call goes through the auth server.',
    proofs: [by(server, 'A41: while the server is away')],
  },
  {
    id: 'A42',
    demand: 'A catalogue of permissions, given out by roles, and enforced.',
    proofs: [
      by(change, 'A42: a permission of a tool that no role has'),
      byEach('auth-server/policy/document.test.ts', 'with %s is refused, and its twin is not', [
        'a permission of no resource',
        'a role of an unknown permission',
        'a condition of an unknown role',
        'a condition of an unknown permission',
      ]),
    ],
  },
  {
    id: 'A43',
    demand: 'What is withdrawn during a task counts for its next call.',
    proofs: [
      by(task, 'A43: what is withdrawn between two tools'),
      by(langchain, 'ends it cleanly'),
      by('auth-server/revocation/within-a-second.test.ts', 'is in force at the API within a second'),
      by('agent/server.test.ts', 'with a token that was withdrawn is made again with a fresh one, once'),
    ],
  },
  {
    id: 'A44',
    demand: 'Safe without being told to.',
    proofs: [
      by('attack/algorithm.test.ts', 'no-default-open'),
      by('conformance/options.test.ts', 'no options at all'),
      by('auth-server/policy/store.test.ts', 'refuses everything before there is a policy'),
    ],
  },
]

/** What is asked of tokens for the tools of an agent. */
const ofTools: readonly Demand[] = [
  {
    id: 'B1',
    demand: 'The process of an agent holds no credential that lives long.',
    proofs: [by(langchain, 'B1: are in no prompt')],
  },
  {
    id: 'B2',
    demand: 'A token that leaked is nearly useless.',
    proofs: [
      by(access, 'B2: a token that leaked'),
      by(`${exchange}/guard.test.ts`, 'demands the key a token is bound to'),
    ],
  },
  {
    id: 'B3',
    demand: "A server's URL, a client and one call are all it takes.",
    proofs: [by('agent/options.test.ts', 'two settings are enough')],
  },
  {
    id: 'B4',
    demand: 'Tokens that are still good are used again.',
    proofs: [
      by(
        'agent/cache.test.ts',
        'a token is handed out again until shortly before it ends',
        'a hundred at once make one request',
        'whatever makes two tokens different makes two requests',
      ),
    ],
  },
  {
    id: 'B5',
    demand: 'Every delegation is on record, refused ones too, with nothing to add to an app.',
    proofs: [
      by('conformance/audit.test.ts', 'BEHALF-one-event'),
      byEach(`${exchange}/attacks.test.ts`, '$name', [
        'a stolen actor token',
        'may_act names another',
        'audience widening: the token for one API exchanged for another',
        'scope widening beyond the subject token',
        "what the agent's roles do not give",
        "what is above the agent's ceiling",
        'what the person may not do',
        'an expired token',
        'a token of another key',
        'a public client',
        'a client without an agent',
        'a bound token of the same client without a proof',
      ]),
      by(task, 'A7: a task of three tools'),
    ],
  },
  {
    id: 'B6',
    demand: 'Every call has an identity of its own: bounded, traceable, short-lived.',
    proofs: [by(task, 'B6: every token of a task')],
  },
  {
    id: 'B7',
    demand: 'The API is told whose authority is used, and by whom.',
    proofs: [onEveryApi, by(`${exchange}/guard.test.ts`, 'accepts a delegation token with everything it says')],
  },
  {
    id: 'B8',
    demand: 'The API knows why the agent calls.',
    proofs: [by(access, 'B8: a token for one tool')],
  },
  {
    id: 'B9',
    demand: 'A token is for one record, where it is about one.',
    proofs: [
      by(`${exchange}/guard.test.ts`, 'sees the record the token is for'),
      by(langchain, 'B9: does not reach the record'),
    ],
  },
  {
    id: 'B10',
    demand: 'From what an agent did one finds the calls it made.',
    proofs: [
      by(langchain, 'B10: joins a run'),
      by('langchain/events.test.ts', 'is joined to its tokens and to the API'),
    ],
  },
  {
    id: 'B11',
    demand: 'A tool gets its token right before its call.',
    proofs: [by(langchain, 'B11: is asked for when')],
  },
  {
    id: 'B12',
    demand: 'A token says which agent does what.',
    proofs: [by(`${exchange}/issue.test.ts`, 'names person, agent, API, scope, task and purpose')],
  },
  {
    id: 'B13',
    demand: 'APIs verify with public keys.',
    proofs: [
      by('attack/algorithm.test.ts', 'hmac-confusion'),
      by('attack/claims.test.ts', 'issuer-confusion'),
      by('attack/cache.test.ts', 'key-flood'),
    ],
  },
  {
    id: 'B14',
    demand: 'The auth server keeps a clear record.',
    proofs: [by('auth-server/audit/event.test.ts', 'has the names of delegation-audit/1'), by(task, 'A7: a task')],
  },
  {
    id: 'B15',
    demand: 'An agent earns the right to each call anew.',
    proofs: [by(change, 'B15: an agent that is suspended')],
  },
  {
    id: 'B16',
    demand: 'A question of a person becomes a tool call, a token, an API call and an answer.',
    proofs: [by(langchain, 'B16: becomes a tool call')],
  },
  {
    id: 'B17',
    demand: 'No API ever sees a credential that stays the same.',
    proofs: [by(people, 'B17: the API saw one kind of credential')],
  },
  {
    id: 'B18',
    demand: 'Three tools, each with its own API, each token for one call.',
    proofs: [by(langchain, 'B18: takes three tools')],
  },
  {
    id: 'B19',
    demand: 'Tools for billing, profile and orders do what they say.',
    proofs: [by(langchain, 'B18: takes three tools')],
  },
  {
    id: 'B20',
    demand: 'It is set up within an hour, by the README.',
    proofs: [
      byEach('adapters/readme.test.ts', 'runs: $name', ['express', 'fastify', 'hono', 'koa']),
      byEach('docs/pages.test.ts', 'runs: $name', ['README.md', 'core', 'agent', 'audit', 'langchain', 'auth-server']),
      by('auth-server/program/serve.test.ts', 'with what init wrote, it issues the first token'),
      by('docs/from-a-static-key.test.ts', 'ends as the files in after/'),
    ],
  },
  {
    id: 'B21',
    demand: 'The code of an agent barely changes.',
    proofs: [
      byEach('langchain/change.test.ts', 'moves %s from a static key', [
        'get_customer_billing',
        'list_charges',
        'get_user_profile',
        'list_orders',
        'refund_charge',
      ]),
    ],
  },
  {
    id: 'B22',
    demand: 'Who calls and why is verified by the token alone.',
    proofs: [by('conformance/keys.test.ts', 'BEHALF-keys-fetched-once'), by(server, 'A41: while the server is away')],
  },
  { id: 'B23', demand: 'A leak does little harm.', proofs: [by(access, 'B2: a token that leaked')] },
  {
    id: 'B24',
    demand: 'The trail shows when it was tampered with.',
    proofs: [
      byEach('auth-server/audit/verify.test.ts', '$name', [
        'nothing',
        'one byte of an event',
        'a digest',
        'an event and its digest',
        'when an event is found',
        'an event that is deleted',
        'an event that is deleted, the later ones moved up',
        'two events in each other’s place',
        'the last events, deleted',
        'a tail cut off with great care, behind the checkpoint',
        'a tail that was cut off and grew again',
        'every event',
        'a history made anew before a checkpoint',
        'an event that the chain does not know',
        'a checkpoint made up',
        'a checkpoint of another event',
        'a history made anew, and a checkpoint of somebody else’s key',
      ]),
      by('auth-server/audit/trail.test.ts', 'keeps an event with what it tells of'),
    ],
  },
  {
    id: 'B25',
    demand: 'Every threat is written down, and has its test.',
    proofs: [by('attack/gate.test.ts', 'proves every threat that is not for later')],
  },
]

export const demands: readonly Demand[] = [...ofAccess, ...ofTools]
