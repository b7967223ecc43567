import { createTestIssuer, type TestIssuer, type TokenSpec } from '@behalf/testing'
import { bearer, type Caller, send } from './call.js'
import { type Service, startService } from './service.js'
import { play, type Step } from './step.js'
import { createAuditTrail } from './trail.js'

/** A step with a token of a local issuer, and what it shows, in a sentence. */
export interface CheckedStep extends Step {
  readonly says: string
  /** What the token says; null for a call without one. */
  readonly carries: TokenSpec | null
  /** How the token is made. Default: a good one, by `issuer.token`. */
  readonly mint?: (issuer: TestIssuer, spec: TokenSpec) => string | Promise<string>
}

export interface CheckOptions {
  readonly name: string
  /** The server to start, as a file URL. */
  readonly entry: string
  readonly audience: string
}

/**
 * Starts a server against a local issuer, plays the steps, and prints one line for each thing checked. Sets the exit code
 * to 1 when something differs.
 */
export async function checkService(
  { name, entry, audience }: CheckOptions,
  steps: readonly CheckedStep[],
): Promise<void> {
  const issuer = await createTestIssuer()
  const trail = createAuditTrail()
  let failed = 0

  function report(says: string, mismatches: readonly string[]): void {
    if (mismatches.length > 0) failed += 1
    process.stdout.write(`  ${mismatches.length > 0 ? 'FAIL' : 'ok'.padEnd(4)}  ${says}\n`)
    for (const mismatch of mismatches) process.stdout.write(`          ${mismatch}\n`)
  }

  try {
    const service = await startService({
      name,
      entry,
      env: { ISSUER: issuer.issuer, AUDIENCE: audience, HOST: '127.0.0.1', PORT: '0' },
      onLine: (line) => trail.record(name, line),
    })
    process.stdout.write(`${name}\n`)
    report('is ready when it has the keys of the issuer', await unless(service, '/ready', 200))
    report('publishes its metadata (RFC 9728)', await unless(service, '/.well-known/oauth-protected-resource', 200))
    for (const step of steps) {
      const { answer, recorded, mismatches } = await play(step, service, await callerOf(step, issuer), trail)
      report(`${answer.status}  ${recorded.event.reason.code.padEnd(19)}  ${step.says}`, mismatches)
    }
    report('leaves one audit event for each call', differs('events', trail.events.length, steps.length))
    report('stops when asked', differs('exit code', await service.stop(), 0))
    process.stdout.write(`  ${steps.length + 4 - failed} passed, ${failed} failed\n`)
  } finally {
    await issuer.close()
  }
  if (failed > 0) process.exitCode = 1
}

async function callerOf({ carries, mint }: CheckedStep, issuer: TestIssuer): Promise<Caller> {
  if (carries === null) return bearer(null)
  return bearer(await (mint ? mint(issuer, carries) : issuer.token(carries)))
}

async function unless(service: Service, path: string, status: number): Promise<string[]> {
  const answer = await send(service.url, { method: 'GET', path }, bearer(null))
  return differs('status', answer.status, status)
}

function differs(what: string, actual: unknown, expected: unknown): string[] {
  return actual === expected ? [] : [`${what} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`]
}
