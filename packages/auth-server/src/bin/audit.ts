import { createReadStream } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { ConfigurationError } from '@behalf/core'
import { pino } from 'pino'
import type { AuditVerification } from '../audit/audit-trail.js'
import { parseEnd } from '../audit/link.js'
import type { LoggedCheckpoint } from '../audit/told-ends.js'
import { verifyTrail } from '../audit/verify.js'
import { verifyExport } from '../audit/verify-export.js'
import { openDatabase } from '../database/open.js'
import { createSecrets } from '../keys/create-secrets.js'
import { createKeyTable } from '../keys/key-table.js'
import { isPublished, toPublicJwk } from '../keys/stored-key.js'
import { readSettings } from '../settings.js'
import type { Configuration } from './configuration.js'
import { faultOfStart } from './start-fault.js'

/** What was found, in words. */
export interface Verdict {
  readonly intact: boolean
  readonly text: string
}

/**
 * Verifies the trail in the database of a configuration, and changes nothing there.
 *
 * @param log - of the server, whose lines tell of the checkpoints
 * @throws ConfigurationError when the database cannot be used
 */
export async function verifyDatabase({ options }: Configuration, log: string | undefined): Promise<Verdict> {
  const signed = await readCheckpoints(log)
  const settings = readSettings(options)
  if (settings.database === 'memory') throw new ConfigurationError('database', 'is in memory, where no trail is')
  try {
    const database = await openDatabase(settings.database, pino({ level: 'silent' }))
    try {
      const ground = { database, settings, now: () => Math.floor(Date.now() / 1000) }
      const table = createKeyTable({ ...ground, secrets: createSecrets(ground) })
      const keys = async () =>
        (await table.read())
          .filter((key) => key.purpose === 'checkpoint' && isPublished(key, ground.now()))
          .map(({ jwk }) => toPublicJwk(jwk))
      return describe(await verifyTrail(database, keys, settings.issuer, signed))
    } finally {
      await database.close()
    }
  } catch (error) {
    throw faultOfStart('database', error)
  }
}

/**
 * Verifies what `GET /admin/audit/export` gave out.
 *
 * @param file - the export, or `-` for the standard input
 * @param log - of the server, whose lines tell of the checkpoints
 * @throws ConfigurationError when a file cannot be read, or a line of the export is no event
 */
export async function verifyExportFile(file: string, log: string | undefined): Promise<Verdict> {
  const signed = await readCheckpoints(log)
  const found = await verifyExport(linesOf(file), signed)
  if ('line' in found) throw new ConfigurationError(file, `line ${found.line} is no event of an export`)
  return describe(found)
}

function describe({ intact, chains }: AuditVerification): Verdict {
  const events = chains.reduce((sum, chain) => sum + chain.events, 0)
  const faults = chains.flatMap(({ chain, fault }) => (fault ? [`${chain} record ${fault.seq}: ${fault.what}\n`] : []))
  const summary = `${intact ? 'intact' : 'not intact'}: ${events} events in ${chains.length} chains\n`
  return { intact, text: `${faults.join('')}${summary}` }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } catch {
    // biome-ignore lint/style/useErrorCause: the message names the file, and a person reads it; the cause adds nothing
    throw new ConfigurationError(file, 'cannot be read')
  }
}

/** Lines of the log that name the end of a chain; the others tell of something else. */
async function readCheckpoints(file: string | undefined): Promise<readonly LoggedCheckpoint[]> {
  const found: LoggedCheckpoint[] = []
  if (file === undefined) return found
  for await (const line of linesOf(file)) found.push(...parseCheckpoint(line))
  return found
}

function parseCheckpoint(line: string): readonly LoggedCheckpoint[] {
  try {
    const logged = JSON.parse(line) as Partial<LoggedCheckpoint> | null // its members are looked at one by one
    const end = parseEnd(logged)
    return end === undefined ? [] : [{ ...end, newest: parseEnd(logged?.newest) }]
  } catch {
    return []
  }
}
