import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ConfigurationError } from '@behalf/core'
import { parse, stringify, YAMLParseError } from 'yaml'
import { z } from 'zod'
import type { AuthServerOptions } from '../options.js'
import { seedSchema } from '../seed-schema.js'
import { configurationSchema, readSettings } from '../settings.js'

/** What a configuration file holds beside the options of the server. */
const fileSchema = configurationSchema.omit({ encryptionKey: true }).extend({
  /** Where to listen. Default: port 3000 on every address. */
  listen: z
    .strictObject({ host: z.string().default('::'), port: z.int().min(0).max(65_535).default(3000) })
    .prefault({}),
  /** Files, relative to this one, that hold a key each: the one in use first. */
  encryptionKeyFiles: z.array(z.string()).default([]),
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
  seed: seedSchema.optional(),
})

/** A configuration file, looked over, with every default in place. */
export interface Configuration {
  readonly options: AuthServerOptions
  readonly listen: { readonly host: string; readonly port: number }
  readonly logLevel: string
  /** As it is shown: every default, no secret. */
  readonly shown: Readonly<Record<string, unknown>>
}

/** @throws ConfigurationError that names the file and what is wrong in it */
export async function readConfiguration(file: string): Promise<Configuration> {
  const { listen, encryptionKeyFiles, log, seed, ...rest } = readContent(file, await readYaml(file))
  const encryptionKey = await Promise.all(
    encryptionKeyFiles.map(async (name) => (await readText(resolve(dirname(file), name))).trim()),
  )
  const database = isFolder(rest.database) ? resolve(dirname(file), rest.database) : rest.database
  if (database !== 'memory' && encryptionKey.length === 0) {
    throw new ConfigurationError(
      'encryptionKeyFiles',
      'is required with a database that lasts: behalf-auth-server init',
    )
  }
  const options = { ...rest, database, ...(encryptionKey.length === 0 ? {} : { encryptionKey }) }
  readSettings(options)
  return {
    options: { ...options, ...(seed === undefined ? {} : { seed }) },
    listen,
    logLevel: log.level,
    shown: {
      ...rest,
      database: withoutPassword(database),
      listen,
      log,
      encryptionKeyFiles,
      seed: {
        policy: seed?.policy === undefined ? 'none' : 'given',
        agents: seed?.agents?.map(({ id }) => id) ?? [],
        clients: seed?.clients?.map(({ id }) => id) ?? [],
        accounts: seed?.accounts?.map(({ username }) => username) ?? [],
      },
    },
  }
}

/**
 * What a configuration file says.
 *
 * @throws ConfigurationError with a line for each fault
 */
export function readContent(file: string, content: unknown): z.infer<typeof fileSchema> {
  const parsed = fileSchema.safeParse(content)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || 'the file'}: ${reasonOf(issue)}`)
  throw new ConfigurationError(file, `is not a configuration:\n${[...new Set(faults)].join('\n')}`)
}

/** A name that is none says why. */
function reasonOf(issue: z.core.$ZodIssue): string {
  return (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message
}

/** The configuration as text to look at: YAML, secrets left out. */
export function describeConfiguration({ shown }: Configuration): string {
  return `# effective configuration\n${stringify(shown)}`
}

async function readYaml(file: string): Promise<unknown> {
  const text = await readText(file)
  try {
    return parse(text, { maxAliasCount: 0, logLevel: 'error' })
  } catch (cause) {
    // biome-ignore lint/style/useErrorCause: it quotes the file, and so its secrets
    throw new ConfigurationError(file, `is not YAML: ${describeFault(cause)}`)
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    // biome-ignore lint/style/useErrorCause: the message names the file, and a person reads it; the cause adds a system code alone
    throw new ConfigurationError(file, 'cannot be read')
  }
}

/** Where a file stops to be YAML, with none of its words. */
function describeFault(cause: unknown): string {
  if (!(cause instanceof YAMLParseError)) return 'aliases are not taken'
  const { code, linePos } = cause
  return `${code.toLowerCase().replaceAll('_', ' ')}${linePos === undefined ? '' : `, line ${linePos[0].line}`}`
}

function isFolder(database: string): boolean {
  return database !== 'memory' && !/^postgres(?:ql)?:/u.test(database)
}

/** Everything after the name of the database may hold a secret too. */
function withoutPassword(database: string): string {
  if (isFolder(database) || !URL.canParse(database)) return database
  const url = new URL(database)
  if (url.password !== '') url.password = '...'
  for (const name of url.searchParams.keys()) if (/pass/iu.test(name)) url.searchParams.set(name, '...')
  return url.href
}
