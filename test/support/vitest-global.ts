import { makeSnapshot } from './pglite-snapshot.js'

/** Once for all test files. */
export default makeSnapshot
