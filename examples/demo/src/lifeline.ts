const interval = 200

/** What ends the demo from outside. */
export interface Lifeline {
  /** From now on an end resolves the promise, where before it ends the process at once. */
  awaited(): Promise<void>
}

/**
 * Watches for the end: SIGINT and SIGTERM, an output that nobody reads any more, and under npm the loss of the shell
 * between npm and this process, which dies of a SIGTERM without passing it on.
 */
export function createLifeline(): Lifeline {
  const parent = process.ppid
  let end: (exitCode: number) => void = (exitCode) => process.exit(exitCode)

  process.on('SIGINT', () => end(130))
  process.on('SIGTERM', () => end(143))
  process.stdout.on('error', () => end(141))
  if (process.env.npm_lifecycle_event) {
    setInterval(() => {
      if (process.ppid !== parent) end(143)
    }, interval).unref()
  }

  return {
    awaited() {
      return new Promise((resolve) => {
        end = () => resolve()
      })
    },
  }
}
