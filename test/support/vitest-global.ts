/** Once for all test files. */
export { makeSnapshot as setup } from './pglite-snapshot.js'
