import { existsSync, mkdirSync, openAsBlob, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'

/** An empty database as PGlite makes it, made once: making one takes seconds, and loading it a fraction of one. */
const snapshot: string = join(import.meta.dirname, '../../.cache', `pglite-${version()}.tar`)

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

/** Lets every new database in memory start from the snapshot. */
export function startFromSnapshot(): void {
  const create = PGlite.create.bind(PGlite)
  Object.assign(PGlite, {
    create: async (options: { readonly dataDir?: string } = {}) =>
      create(options.dataDir === undefined ? { ...options, loadDataDir: await openAsBlob(snapshot) } : options),
  })
}

function version(): string {
  const manifest = join(import.meta.dirname, '../node_modules/@electric-sql/pglite/package.json')
  return String((JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: unknown }).version)
}
