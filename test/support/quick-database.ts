import { startFromSnapshot } from './pglite-snapshot.js'

startFromSnapshot()
