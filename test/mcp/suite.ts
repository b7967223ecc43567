import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { describe } from 'vitest'
import { z } from 'zod'

/** What the suite says of a run. */
export interface Outcome {
  /** Checks that passed, and never failed. */
  readonly passed: readonly string[]
  /** Checks that failed or warn, each once, sorted. */
  readonly failed: readonly string[]
  /** Whether a tool was called, and answered. */
  readonly called: boolean
  /** Every `resource` that a token was asked for, each once. */
  readonly resources: readonly string[]
  /** What the program wrote besides. */
  readonly log: string
}

const check = z.object({
  id: z.string(),
  status: z.enum(['SUCCESS', 'FAILURE', 'WARNING', 'SKIPPED', 'INFO']),
  details: z
    .object({
      mcpMethod: z.string().optional(),
      statusCode: z.number().optional(),
      body: z.object({ resource: z.string().optional() }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
})

const require = createRequire(import.meta.url)
const folder = join(import.meta.dirname, '..')

const runsHere = Number(process.versions.node.split('.')[0]) >= 22

/** Tests that run the suite: skipped on a Node that is too old for it, with one line that says so. */
export function describeSuite(name: string, tests: () => void): void {
  if (!runsHere) process.stderr.write(`skipped, for want of Node 22: ${name}\n`)
  describe.skipIf(!runsHere)(name, tests)
}

/** Version of the suite that is installed. */
export async function readSuiteVersion(): Promise<string> {
  return (await runSuite(['--version'])).stdout.trim()
}

/** Names of all client scenarios. */
export async function listClientScenarios(): Promise<readonly string[]> {
  const { stdout } = await runSuite(['list', '--client'])
  return [...stdout.matchAll(/^ +- (\S+)/gmu)].map(([, name = '']) => name)
}

/**
 * Runs one scenario against the client of this folder, which must be built. The official client speaks 2025-11-25: what came
 * later is run at that version too, by force.
 */
export async function runClientScenario(name: string): Promise<Outcome> {
  const client = ['--command', 'node dist/mcp/conformance-client.js']
  const { stdout, stderr } = await runSuite([
    'client',
    ...client,
    ...['--scenario', name, '--spec-version', '2025-11-25', '--force', '--verbose'],
  ])
  return outcomeOf(stdout, stderr)
}

function outcomeOf(stdout: string, log: string): Outcome {
  const start = stdout.search(/^\[/mu)
  if (start < 0) throw new Error(`the suite said nothing: ${log}`)
  const checks = z.array(check).parse(JSON.parse(stdout.slice(start)))
  const of = (...statuses: readonly string[]): readonly string[] => [
    ...new Set(checks.filter(({ status }) => statuses.includes(status)).map(({ id }) => id)),
  ]
  const failed = of('FAILURE', 'WARNING')
  return {
    passed: of('SUCCESS').filter((id) => !failed.includes(id)),
    failed: failed.toSorted(),
    called: checks.some(
      ({ id, details }) =>
        id === 'outgoing-response' && details?.mcpMethod === 'tools/call' && details.statusCode === 200,
    ),
    resources: [
      ...new Set(
        checks.flatMap(({ id, details }) => (id === 'incoming-auth-request' ? (details?.body?.resource ?? []) : [])),
      ),
    ],
    log,
  }
}

/**
 * Runs the suite's program, which finds this Node before any other.
 *
 * @param onOutput learns of all that was written so far, whenever more is
 * @param signal ends the program
 * @throws the reason of the signal
 */
export function runSuite(
  parameters: readonly string[],
  onOutput: (text: string) => void = () => {},
  signal?: AbortSignal,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const program = require.resolve('@modelcontextprotocol/conformance/dist/index.js')
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
  const env = { ...process.env, PATH }
  const child = spawn(process.execPath, [program, ...parameters], { cwd: folder, env, ...(signal && { signal }) })
  const written = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text
    onOutput(written.stdout)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(signal?.aborted ? signal.reason : error))
    child.once('close', () => resolve(written))
  })
}
