import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { describe, it } from 'vitest'

/** Where engines are expected that tests cannot bring with them, and a test without one is a failure: in CI. */
const isRequired = process.env.BEHALF_REQUIRE_SERVICES === '1'

/**
 * A suite that needs something of the machine. Without it the suite is skipped with one line that says so, or fails where
 * services are required.
 *
 * @param what what is needed, such as `Redis on 127.0.0.1:6379`
 */
export function describeWith(what: string, isThere: boolean, name: string, suite: () => void): void {
  if (!isThere && isRequired) {
    it(name, () => {
      throw new Error(`${what} is missing, and BEHALF_REQUIRE_SERVICES is 1`)
    })
    return
  }
  if (!isThere) process.stderr.write(`skipped, for want of ${what}: ${name}\n`)
  describe.skipIf(!isThere)(name, suite)
}

/** Whether something listens on a port of this machine. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}

/** The first of some programs that is installed. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}
