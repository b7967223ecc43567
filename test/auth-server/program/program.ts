import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { forChildren } from '../../support/pglite-snapshot.js'

const bin = fileURLToPath(new URL('../../../packages/auth-server/dist/bin.js', import.meta.url))

/** How a run of the program ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The program, started. */
export interface Program {
  readonly child: ChildProcess
  /** What it wrote so far. */
  readonly output: { out: string; error: string }
  readonly ended: Promise<Ended>
  /** Waits for a line of its log; rejects when it ends before. */
  until(message: string): Promise<Readonly<Record<string, unknown>>>
  kill(signal: NodeJS.Signals): void
}

/** Starts the program. @param nodeArguments for node, in front of it */
export function run(args: readonly string[], nodeArguments: readonly string[] = []): Program {
  const child = spawn(process.execPath, [...nodeArguments, bin, ...args], {
    env: { ...process.env, ...forChildren.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { out: '', error: '' }
  const lines: string[] = []
  const waiting: (() => void)[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.error += text
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    output.out += `${line}\n`
    lines.push(line)
    for (const look of waiting.splice(0)) look()
  })
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal }))

  async function until(message: string): Promise<Readonly<Record<string, unknown>>> {
    for (let seen = 0; ; ) {
      for (; seen < lines.length; seen++) {
        const line = lines[seen] ?? ''
        // a line of the log is JSON, with a message
        if (line.startsWith('{') && line.includes(`"msg":"${message}"`)) return JSON.parse(line)
      }
      const isOver = await Promise.race([
        new Promise<false>((resolve) => waiting.push(() => resolve(false))),
        ended.then(() => true as const),
      ])
      if (isOver) throw new Error(`ended before "${message}": ${output.error}`)
    }
  }

  return {
    child,
    output,
    ended,
    until,
    kill: (signal) => {
      child.kill(signal)
    },
  }
}

/** A folder of a test's own, with what the program is told. */
export interface Place {
  readonly folder: string
  /** Writes a file of the folder and tells its path. */
  file(name: string, content: string): Promise<string>
  /** The same, as YAML. */
  configuration(content: object, name?: string): Promise<string>
  remove(): Promise<void>
}

export async function createPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'behalf-program-'))
  const file = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, content)
    return path
  }
  return {
    folder,
    file,
    configuration: (content, name = 'auth.yaml') => file(name, stringify(content, { aliasDuplicateObjects: false })),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  // what listens on a port has an AddressInfo
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Starts the program with databases that are made quickly. */
export function serve(args: readonly string[]): Program {
  return run(args, forChildren.arguments)
}
