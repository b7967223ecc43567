import { existsSync, mkdirSync, openAsBlob, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'

/** An empty database as PGlite makes it, made once: making one takes seconds, and loading it a fraction of one. */
const snapshot: string =
  process.env.BEHALF_TEST_DATABASE ?? join(import.meta.dirname, '../../.cache', `pglite-${version()}.tar`)

/** What a process that a test starts is started with, so that its databases start from there too. */
export const forChildren = {
  arguments: ['--import', new URL('../dist/support/quick-database.js', import.meta.url).href],
  env: { BEHALF_TEST_DATABASE: snapshot },
} as const

/** Makes the snapshot where there is none. */
export async function makeSnapshot(): Promise<void> {
  if (existsSync(snapshot)) return
  const database = await PGlite.create()
  const content = await (await database.dumpDataDir('none')).arrayBuffer()
  await database.close()
  mkdirSync(join(snapshot, '..'), { recursive: true })
  const partial = `${snapshot}.${process.pid}`
  writeFileSync(partial, Buffer.from(content))
  renameSync(partial, snapshot)
}

/** Lets every new database, in memory or in a folder, start from the snapshot. */
export function startFromSnapshot(): void {
  const create = PGlite.create.bind(PGlite)
  const isNew = (folder: string | undefined): boolean => folder === undefined || !existsSync(join(folder, 'PG_VERSION'))
  Object.assign(PGlite, {
    create: async (options: { readonly dataDir?: string } = {}) =>
      create(isNew(options.dataDir) ? { ...options, loadDataDir: await openAsBlob(snapshot) } : options),
  })
}

function version(): string {
  const manifest = join(import.meta.dirname, '../node_modules/@electric-sql/pglite/package.json')
  return String((JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: unknown }).version)
}
