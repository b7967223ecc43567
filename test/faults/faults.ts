import { test } from 'vitest'

export interface Fault {
  /** What must hold, in one sentence. */
  readonly rule: string
  /** Why no test cites it; a row without this must be cited here or be proven by tests of other folders. */
  readonly elsewhere?: string
  /** Titles of tests of other folders that prove it, as they are written, by file under `test`. */
  readonly provenBy?: Readonly<Record<string, readonly string[]>>
}

const rows = {
  // the key endpoint
  'keys.cold-down': {
    rule: 'An endpoint that is down at a cold start answers 503 keys_unavailable with Retry-After, never invalid_token.',
  },
  'keys.back-off': {
    rule: 'Failed attempts back off 1 s, 2 s, 4 s and so on up to the cooldown: one attempt per window, however many ask.',
  },
  'keys.recovery': { rule: 'Verification recovers by itself once the endpoint is back.' },
  'keys.deadline': { rule: 'One deadline covers connecting, the head and the whole body.' },
  'keys.waiters': { rule: 'A hundred waiters share one request and one connection.' },
  'keys.status-warm': { rule: 'Any status but 200 leaves known keys serving.' },
  'keys.status-cold': { rule: 'Any status but 200 at a cold start fails closed.' },
  'keys.redirect': { rule: 'A redirect is never followed, to the same origin or another, for keys or for metadata.' },
  'keys.partial': { rule: 'Unusable members of a set are skipped and reported once; the others verify.' },
  'keys.unusable': {
    rule: 'oct, private, RSA below 2048 bits, wrong use, wrong key_ops and wrong alg keys never verify a token.',
  },
  'keys.bad-refresh': { rule: 'A malformed, cut, oversized or wholly unusable refresh never replaces a good set.' },
  'keys.huge': { rule: 'A body over the limit, declared, chunked or compressed, is given up early.' },
  'keys.many': { rule: 'A set of a thousand members never grows memory beyond a hundred keys.' },
  'keys.content-type': { rule: 'The content type of a key set is not looked at, cold and warm alike.' },
  'keys.rotated': { rule: 'The first token under a new kid succeeds with exactly one fetch.' },
  'keys.rotated-same-kid': {
    rule: 'A key replaced under its old kid verifies within the maximum age, and bad signatures cause no fetch.',
  },
  'keys.removed': {
    rule: 'A withdrawn key stops at the next refresh, also for tokens already verified, and no stale window brings it back.',
  },
  'keys.no-kid': {
    rule: 'A token without kid verifies only where exactly one key fits, and costs one fetch per cooldown at most.',
  },
  'keys.unknown-flood': {
    rule: 'Ten thousand unknown kids cost one fetch per cooldown; good tokens keep passing; memory stays flat.',
  },
  'keys.unknown-flood-down': {
    rule: 'Unknown kids while the endpoint is down or its set is empty cost one attempt per window.',
  },
  'keys.garbage': { rule: 'A token that cannot become right never causes a fetch.' },
  'keys.stampede': { rule: 'A stampede, cold or at expiry, costs one fetch and no refusal.' },
  'keys.refresh-ahead': { rule: 'From three quarters of the maximum age traffic refreshes keys in the background.' },
  'keys.outage': {
    rule: 'Known kids pass until the end of the stale window, each stale stretch is told to the operator, then 503.',
  },
  'keys.out-of-order': { rule: 'An answer that was given up never overwrites a newer one.' },
  'keys.cache-control': { rule: 'max-age shortens the maximum age, never below the cooldown, and never lengthens it.' },
  'keys.clock': { rule: 'A clock that steps back an hour does not stop refreshing; tolerance is bounded.' },
  'keys.transport': {
    rule: 'Only https, or http on loopback, is asked for keys; nothing a token names is ever fetched.',
  },
  'keys.discovery': {
    rule: 'A discovered key set address is kept until a key fetch fails or a day passes; faults of discovery fail closed.',
  },
  'keys.isolation': { rule: 'A fault of one issuer leaves the tokens of another alone.' },
  'keys.ready': { rule: 'ready() rejects while keys cannot be had and resolves once they are.' },
  'keys.shutdown': {
    rule: 'close() in the middle of a fetch ends it, answers the waiters, and leaves no open handle.',
  },
  'keys.reload': {
    rule: 'A compromised kid can be refused at once, by a revocation check of the application.',
  },
  'keys.latency': {
    rule: 'Latency of good tokens under a flood stays below twice the usual.',
    elsewhere: 'a wall-clock ratio: the benchmark measures it; here the fetch counts behind it are asserted',
  },

  // introspection and revocation
  'introspection.down': {
    rule: 'Whatever the endpoint answers but a usable answer in time is 503 introspection_unavailable, and not remembered.',
    provenBy: {
      'introspection/faults.test.ts': [
        'is answered with 503 in time, and not remembered',
        'nobody at the address: 503 at once',
      ],
      'conformance/issuer.test.ts': ['RFC7662-4-fails'],
      'conformance/revocation.test.ts': ['BEHALF-introspection-route-fails'],
    },
  },
  'introspection.redirect': {
    rule: 'Neither token nor credentials are ever sent to the target of a redirect.',
    provenBy: {
      'introspection/faults.test.ts': ['%d leads nowhere', 'to another host brings it neither token nor credentials'],
    },
  },
  'introspection.active': {
    rule: 'Only an active that is the boolean true counts; false is token_revoked, anything else is no answer.',
    provenBy: { 'introspection/introspection.test.ts': ['what the issuer says is judged like a JWT'] },
  },
  'introspection.judged': {
    rule: 'What an issuer calls active is judged like a JWT: issuer, audience, times, chain and binding.',
    provenBy: {
      'introspection/introspection.test.ts': ['what the issuer says is judged like a JWT'],
      'introspection/resource-server.test.ts': ['refuses an opaque token: %s'],
    },
  },
  'introspection.confusion': {
    rule: 'An answer is never used for another token, issuer, audience or resource server, and never past its scopes.',
    provenBy: {
      'introspection/faults.test.ts': ['is not that of another token, nor of another API', 'of two APIs are two'],
      'introspection/resource-server.test.ts': [
        'judges an opaque token by what its issuer says, once while the answer counts',
      ],
    },
  },
  'introspection.stampede': {
    rule: 'Simultaneous questions about one token are one, those about many are bounded, and none of them leaves a trace.',
    provenBy: {
      'introspection/faults.test.ts': [
        'about one token are one',
        'are no more than was said, and the rest does not wait',
        'grow nothing: a flood of garbage is forgotten',
      ],
    },
  },
  'introspection.outage': {
    rule: 'While the endpoint is down a remembered answer serves until its ttl or its exp, whichever is first, and no longer.',
    provenBy: {
      'introspection/faults.test.ts': [
        'serves through an outage for that time, and then no longer',
        'never counts past exp',
        'is not lengthened by a clock that was set back',
      ],
    },
  },
  'introspection.revoked': {
    rule: 'A token its issuer withdrew is refused within the ttl, at once where nothing is remembered.',
    provenBy: {
      'introspection/faults.test.ts': [
        'counts for its time and no longer, whatever happened since',
        'with ttl 0 there is none',
      ],
      'introspection/oidc-provider.test.ts': [
        'a revoked token is refused as soon as the answer about it is old',
        'a revoked token is refused at once where nothing is remembered',
      ],
    },
  },
  'introspection.shutdown': {
    rule: 'close() ends a question under way, answers the waiters, and nothing is asked afterwards.',
    provenBy: { 'introspection/faults.test.ts': ['ends what is under way, warns of nothing and asks nothing more'] },
  },
  'revocation.at-once': {
    rule: 'A local revocation counts at the next request, for tokens already verified too, and for nobody else.',
    provenBy: {
      'conformance/revocation.test.ts': ['BEHALF-revoked'],
      'revocation/revocation-list.test.ts': ['withdraws a single token whenever it was issued'],
      'core/second-look.test.ts': ['is refused once its token has expired, or was withdrawn'],
    },
  },
  'revocation.down': {
    rule: 'A revocation check that throws, hangs or answers no boolean is 503 revocation_unavailable.',
    provenBy: {
      'conformance/revocation.test.ts': ['BEHALF-revocation-fails'],
      'revocation/in-force.test.ts': ['a token that is not, or of which nobody can tell'],
    },
  },
  'revocation.full': {
    rule: 'A revocation list is bounded: full of what still matters it refuses a new entry, forgets none, and recovers.',
    provenBy: {
      'revocation/revocation-list.test.ts': [
        'throws when it is full of what still matters, forgets nothing, and recovers',
        'stays small under a steady stream of revocations',
      ],
    },
  },
  'revocation.shared': {
    rule: 'What one process revokes every other one enforces within a second; cut off for too long, all refuse.',
    provenBy: {
      'redis/processes.test.ts': ['enforce within a second what the other has revoked: process %i revokes'],
      'redis/revocation-faults.test.ts': ['serves on while Redis hangs, then refuses, and recovers by itself'],
    },
  },
  'revocation.list-down': {
    rule: 'A status list that cannot be had, read or believed is 503; the last good one serves only as long as was said.',
    provenBy: {
      'revocation/status-list.test.ts': [
        '%s: 503 within the limit, and nothing lasting',
        'a bomb: 503, within time and memory',
        'refuses as soon as the last one is overdue, by default',
        'never serves one past its own end',
        'never takes an older list for news',
      ],
      'conformance/issuer.test.ts': ['STATUS-LIST-8.3-list'],
    },
  },
  'revocation.list-flood': {
    rule: 'A status list is fetched once however many tokens wait, with growing pauses while it fails, and few are kept.',
    provenBy: {
      'revocation/status-list.test.ts': [
        'once, however many tokens wait for it',
        'not for every token while it fails: one try, then longer and longer pauses',
        'keeps a bounded number of lists',
      ],
    },
  },
  'revocation.events': {
    rule: 'A security event changes nothing unless all of it holds, and one that cannot be judged or kept is not acknowledged.',
    provenBy: {
      'revocation/security-events.test.ts': [
        'changes nothing when one of its events is wrong',
        'waits until a revocation is kept',
        '503 where the keys cannot be had, without a fetch for what cannot count anyway',
      ],
    },
  },

  // the replay store and nonces
  'replay.down': {
    rule: 'A store that fails is 503 replay_unavailable, whatever way it fails, and recovers by itself.',
    provenBy: {
      'conformance/use.test.ts': ['BEHALF-replay-store-fails'],
      'binding/dpop.test.ts': ['a store that is out of order is our fault, not that of the proof'],
      'redis/replay-redis.test.ts': ['refuses at once while Redis is stopped, and works again by itself'],
    },
  },
  'replay.unchecked': {
    rule: 'Uses pass unchecked only where an option says so; each such event is marked, and the failure is told.',
    provenBy: { 'binding/replay.test.ts': ['lets uses pass unchecked where that is wanted, and says so'] },
  },
  'replay.slow': {
    rule: 'A slow store costs a request 250 ms at most, is left alone for a second, is probed by one, and gathers no queue.',
    provenBy: {
      'binding/replay.test.ts': [
        'keeps its time limit',
        'leaves a failing store alone for a second, and recovers by itself',
        'lets one call at a time try a store that failed',
      ],
      'redis/replay-redis.test.ts': [
        'refuses within 250 ms while Redis hangs, and works again by itself',
        'puts nothing into the offline queue of a client that has one',
      ],
      'redis/replay-store.test.ts': [
        'no more than ten thousand commands wait for an answer, and they do when it comes',
      ],
    },
  },
  'replay.race': {
    rule: 'Of fifty simultaneous uses one is the first, in one process and across two.',
    provenBy: {
      'binding/replay.test.ts': ['admits one of 50 simultaneous uses'],
      'binding/dpop.test.ts': ['of 50 simultaneous ones one is the first'],
      'conformance/use.test.ts': ['BEHALF-single-use-race'],
      'redis/processes.test.ts': [
        'admit one of 50 simultaneous uses of a token',
        'admit one of 50 simultaneous uses of a DPoP proof',
      ],
    },
  },
  'replay.poisoning': {
    rule: 'A proof is remembered only once all of it holds, under its key: no client can use up the jti of another.',
    provenBy: {
      'binding/dpop.test.ts': [
        'is not counted when it is refused: $name',
        'the jti of one client does not block that of another',
      ],
      'conformance/binding.test.ts': ['RFC9449-11.1-replay'],
    },
  },
  'replay.window': {
    rule: 'A use is remembered for as long as it could be accepted, and not a second less.',
    provenBy: {
      'binding/dpop.test.ts': ['is remembered for as long as the proof could be accepted, under a short name'],
      'binding/replay.test.ts': ['forgets a key at its second and not before'],
      'redis/replay-redis.test.ts': ['keeps one small key for each use, as long as it must'],
    },
  },
  'replay.memory': {
    rule: 'A million proofs leave memory where it was once their window is over; a full store fails closed until then.',
  },
  'replay.siblings': {
    rule: 'A store of one process alone is warned about at start-up where several share the load, once.',
    provenBy: {
      'core/shared-load.test.ts': [
        'says at creation, once, that proofs are remembered by one process alone',
        'says it with the first route that wants tokens for one call, once',
      ],
    },
  },
  'replay.restart': {
    rule: 'The store in memory forgets at a restart, within the window; a shared store and a nonce of a new secret do not.',
  },
  'replay.nonce': {
    rule: 'A nonce is good for its lifetime and one more; without one the answer is 401 use_dpop_nonce with the next.',
    provenBy: {
      'binding/nonce.test.ts': ['rotate, and the previous one is still good'],
      'binding/dpop.test.ts': ['are good for the rest of their lifetime and for the next one'],
      'conformance/binding.test.ts': ['RFC9449-9-nonce', 'RFC9449-8.2-next-nonce'],
    },
  },

  // the audit sink
  'audit.throws': { rule: 'A sink that throws or rejects changes no decision, and is told to the operator.' },
  'audit.late': { rule: 'A slow, blocking or hanging sink neither changes nor delays a best-effort decision.' },
  'audit.bounded': {
    rule: 'The queue before a dead sink is bounded; every event is delivered or counted in a later audit.dropped event.',
  },
  'audit.required': { rule: 'A required sink holds the response, and fails closed with 503 within its time limit.' },
  'audit.close': {
    rule: 'close() delivers what is queued, then flushes and closes the sink; a dead sink does not stop it.',
  },
  'audit.terminated': { rule: 'SIGTERM and uncaughtException handlers that call close() lose no event.' },
  'audit.durable': { rule: 'With a required sink no response is sent before its event is durable, shown by SIGKILL.' },
  'audit.secrets': { rule: 'No event, warning, body or header ever holds a token or a signature.' },
  'audit.injection': { rule: 'Every event is one line of JSON of at most 4 kB, whatever the token says.' },
  'audit.complete': { rule: 'Exactly one decision event per request, also for a client that went away.' },

  // the process
  'process.flood': { rule: 'Distinct bad tokens leave no trace in memory.' },
  'process.length': { rule: 'The cost of refusing an oversized token does not grow with its length.' },
  'process.cache': { rule: 'The token cache is bounded, and an entry dies with its token and with its key.' },
  'process.identities': { rule: 'Interleaved requests of many users never see each other.' },
  'process.options': {
    rule: 'A wrong option throws at construction and names its path; later changes to the object do nothing.',
  },
  'process.shutdown': {
    rule: 'After close() the process has nothing left to wait for, in whatever state the key endpoint is.',
  },
  'process.soak': {
    rule: 'An hour at half load leaves heap and handles flat.',
    elsewhere: 'takes an hour: a job of its own beside the benchmark',
  },
  'process.jose': {
    rule: 'The suites pass with the oldest and newest supported jose, on every supported runtime.',
    elsewhere: 'the continuous integration script runs the suites on each runtime',
  },
} as const satisfies Record<string, Fault>

export const faults: Readonly<Record<FaultId, Fault>> = rows

export type FaultId = keyof typeof rows

/** A test of one row. */
export const fault = (id: FaultId, name: string, run: () => void | Promise<void>): void => {
  test(`${id}: ${name}`, { timeout: 60_000 }, run)
}
