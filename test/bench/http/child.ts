import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process that answers questions, one at a time. */
export interface Child {
  ask(question: unknown): Promise<unknown>
  stop(): Promise<void>
}

/** @param pin the command that ties it to a core; none to let it run anywhere */
export function startChild(module: string, args: readonly string[], pin: readonly string[]): Child {
  const file = fileURLToPath(new URL(module, import.meta.url))
  const [command = process.execPath, ...rest] = [...pin, process.execPath, file, ...args]
  const child: ChildProcess = spawn(command, rest, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`${module} ${args.slice(0, 2).join(' ')} ended with code ${code}`)
  })
  gone.catch(() => {})
  return {
    async ask(question) {
      const reply = once(child, 'message')
      child.send(question as object)
      const [answered] = await Promise.race([reply, gone])
      return answered
    },
    async stop() {
      child.disconnect()
      await gone.catch(() => {})
    },
  }
}

/** Inside the process: answers every question of the parent, and ends when the parent lets go. */
export function answer<Question>(reply: (question: Question) => unknown): void {
  process.on('message', (question) => {
    void Promise.resolve(reply(question as Question)).then((value) => process.send?.(value))
  })
  process.on('disconnect', () => process.exit())
}
