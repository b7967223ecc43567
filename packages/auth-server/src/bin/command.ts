import { parseArgs } from 'node:util'

export const usage = `Usage: behalf-auth-server [--check] <config.yaml>
       behalf-auth-server init <folder>

  --check   print the effective configuration and stop
  init      write a configuration to start with, an encryption key and the key of an agent
`

/** What the program is asked to do. */
export type Command =
  | { readonly name: 'serve' | 'check'; readonly file: string }
  | { readonly name: 'init'; readonly folder: string }
  | { readonly name: 'help' }
  | { readonly name: 'misuse'; readonly fault: string }

/** Reads the arguments of the program. */
export function readCommand(args: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
      allowPositionals: true,
    })
    const [first, second, ...more] = positionals
    if (values.help) return { name: 'help' }
    if (first === undefined) return { name: 'misuse', fault: 'a configuration file is missing' }
    if (first === 'init' && second !== undefined && more.length === 0) return { name: 'init', folder: second }
    if (first === 'init') return { name: 'misuse', fault: 'init takes one folder' }
    if (second !== undefined) return { name: 'misuse', fault: 'one configuration file, no more' }
    return { name: values.check ? 'check' : 'serve', file: first }
  } catch (error) {
    return { name: 'misuse', fault: error instanceof Error ? (error.message.split('. ', 1)[0] ?? '') : '' }
  }
}
