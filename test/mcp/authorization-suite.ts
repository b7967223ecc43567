import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { runSuite } from './suite.js'

/** The server that is looked at, and a client of it. */
export interface Subject {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Where the suite listens for the answer: `http://127.0.0.1:<port>/callback` is registered for the client. */
  readonly port: number
  readonly resource: string
}

/** A check of the suite: `SUCCESS`, `WARNING` or `FAILURE`, and what it says of a failure. */
export interface Verdict {
  readonly id: string
  readonly status: string
  readonly errorMessage?: string | undefined
}

const verdicts = z.array(z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }))

/** What the suite says when it can be answered: it names the page before. */
const listening = /^Callback server started: /mu

/**
 * Runs every authorization server scenario.
 *
 * @param browse opens the page that the suite asks to be opened in a browser
 * @throws what `browse` does: the suite waits no longer then
 */
export async function runAuthorizationScenarios(
  { issuer, clientId, clientSecret, port, resource }: Subject,
  browse: (url: URL) => Promise<void>,
): Promise<readonly Verdict[]> {
  const folder = await mkdtemp(join(tmpdir(), 'behalf-mcp-'))
  const target = ['--url', issuer, '--client-id', clientId, '--client-secret', clientSecret, '--resource', resource]
  const options = [...target, '--port', String(port), '--output-dir', folder]
  const failed = new AbortController()
  let browsed: Promise<void> | undefined
  const onOutput = (text: string): void => {
    const [, asked] = /^(http\S+\/authorize\?\S+)\n/mu.exec(text) ?? []
    if (asked === undefined || !listening.test(text)) return
    browsed ??= browse(new URL(asked)).catch((error: unknown) => failed.abort(error))
  }
  try {
    await runSuite(['authorization', ...options], onOutput, failed.signal)
    await browsed
    failed.signal.throwIfAborted()
    const results = await Promise.all(
      (await readdir(folder)).toSorted().map((name) => readFile(join(folder, name, 'checks.json'), 'utf8')),
    )
    return results.flatMap((text) => verdicts.parse(JSON.parse(text)))
  } finally {
    await rm(folder, { recursive: true })
  }
}
