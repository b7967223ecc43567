import { startFromSnapshot } from './pglite-snapshot.js'
import { hashQuickly } from './quick-hashes.js'

startFromSnapshot()
hashQuickly()
