import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a piece of a script wrote. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** One bash, as a terminal of a reader: what is set or started in it stays. */
export interface Shell {
  /** Runs lines, and waits until they are done. @param onError what they write to stderr so far, as it comes */
  run(lines: string, onError?: (text: string) => void): Promise<Ran>
  /** Ends it, and whatever it started and left behind. */
  close(): Promise<void>
}

/** @param folder - where it keeps its scripts, and where `mktemp` makes folders; it starts in `cwd` */
export function openShell(folder: string, cwd: string): Shell {
  // a group of its own: nothing that it starts outlives it
  const bash = spawn('bash', ['--norc', '--noprofile'], {
    cwd,
    env: { ...process.env, TMPDIR: folder, npm_config_loglevel: 'error' },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = once(bash, 'close')
  const written = { out: '', error: '' }
  let look = (): void => undefined
  bash.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.out += text
    look()
  })
  bash.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.error += text
    look()
  })
  bash.stdin.write("trap 'kill -KILL -- -$$' EXIT\n") // also where whoever reads it is gone
  let count = 0

  return {
    async run(lines, onError) {
      count += 1
      const [script, mark] = [join(folder, `${count}.sh`), `@@ ${count} done`]
      await writeFile(script, lines)
      written.out = ''
      written.error = ''
      const done = new Promise<void>((resolve, reject) => {
        look = () => {
          onError?.(written.error)
          if (written.out.includes(mark) && written.error.includes(mark)) resolve()
        }
        ended.then(() => reject(new Error(`the shell ended: ${written.error}`))).catch(reject)
      })
      bash.stdin.write(`. '${script}' </dev/null\necho "${mark} $?"; echo '${mark}' >&2\n`)
      await done
      const [out = '', code] = written.out.split(`${mark} `)
      return { code: Number(code), out, error: written.error.split(mark)[0] ?? '' }
    },
    async close() {
      if (bash.pid !== undefined && bash.exitCode === null) process.kill(-bash.pid, 'SIGKILL')
      await ended
    },
  }
}
