import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const startDeadline = 15_000
const stopDeadline = 3_000

/** A JSON object a service wrote. */
export type Line = Readonly<Record<string, unknown>>

export interface ServiceOptions {
  readonly name: string
  /** The module to run, as a file URL. */
  readonly entry: string
  readonly env: Readonly<Record<string, string>>
  /** Receives every JSON line the service writes. */
  readonly onLine: (line: Line) => void
}

/** A server in a process of its own. */
export interface Service {
  readonly name: string
  readonly url: string
  /** Asks it to stop, as an orchestrator does. Resolves to its exit code; null when it had to be killed. */
  stop(): Promise<number | null>
}

/** Starts a server and waits until it says where it listens. */
export async function startService({ name, entry, env, onLine }: ServiceOptions): Promise<Service> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('./leash.js'), fileURLToPath(entry)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  child.channel?.unref()
  const url = await listening(child, name, onLine)
  return { name, url, stop: () => stop(child) }
}

function listening(child: ChildProcess, name: string, onLine: ServiceOptions['onLine']): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${name} did not start within ${startDeadline} ms`))
    }, startDeadline)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      reject(new Error(`${name} ended before it listened (${signal ?? code})`))
    })
    if (!child.stdout) return
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = parseLine(text)
      const url = urlOf(line)
      if (url) {
        clearTimeout(timer)
        resolve(url)
      } else if (line) onLine(line)
      else process.stderr.write(`${name}: ${text}\n`)
    })
  })
}

/** The JSON object a line holds, or null when it holds none. */
function parseLine(text: string): Line | null {
  try {
    const line: unknown = JSON.parse(text)
    return typeof line === 'object' && line !== null ? { ...line } : null
  } catch {
    return null
  }
}

function urlOf(line: Line | null): string | null {
  if (line?.type !== 'server.listening') return null
  const { address } = line
  if (typeof address !== 'object' || address === null || !('address' in address) || !('port' in address)) return null
  const { address: host, port } = address
  return typeof host === 'string' && typeof port === 'number' ? `http://${host}:${port}` : null
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopDeadline)
    child.kill('SIGTERM')
    await ended
    clearTimeout(timer)
  }
  return child.exitCode
}
