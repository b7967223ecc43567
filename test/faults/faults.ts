import { test } from 'vitest'

export interface Fault {
  /** What must hold, in one sentence. */
  readonly rule: string
  /** Why no test here cites it; a row without this must be cited. */
  readonly elsewhere?: string
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
    rule: 'A compromised kid can be refused at once.',
    elsewhere:
      'local revocation of keys and tokens comes with the revocation work; until then the maximum age bounds it',
  },
  'keys.latency': {
    rule: 'Latency of good tokens under a flood stays below twice the usual.',
    elsewhere: 'a wall-clock ratio: the benchmark measures it; here the fetch counts behind it are asserted',
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
