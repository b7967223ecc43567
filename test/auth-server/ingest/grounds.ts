import { describe } from 'vitest'
import { describeWith } from '../../support/services.js'
import { createPostgresDatabase, encryptionKey, hasPostgres } from '../support/ground.js'
import { createScene, type Scene } from './scene.js'

/** Creates a scene, on one of the databases. */
export type OpenScene = (options?: Parameters<typeof createScene>[0]) => Promise<Scene>

/** Runs a suite on the embedded database and on PostgreSQL. */
export function onEveryGround(suite: (open: OpenScene) => void): void {
  describe('in the embedded database', () => suite(createScene))
  describeWith('PostgreSQL on 127.0.0.1:5432', hasPostgres, 'in PostgreSQL', () => suite(openOnPostgres))
}

/** A scene in a PostgreSQL database of its own. */
const openOnPostgres: OpenScene = async (options = {}) => {
  const database = await createPostgresDatabase()
  const scene = await createScene({ database: database.url, encryptionKey: encryptionKey(), ...options })
  return {
    ...scene,
    async close() {
      await scene.close()
      await database.drop()
    },
  }
}
