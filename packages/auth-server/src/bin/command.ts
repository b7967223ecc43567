import { parseArgs } from 'node:util'
import type { StarterAddresses } from './starter.js'

export const usage = `Usage: behalf-auth-server [--check] <config.yaml>
       behalf-auth-server init <folder> [--issuer <url>] [--resource <url>] [--redirect-uri <url>]
       behalf-auth-server key <file>
       behalf-auth-server audit verify <config.yaml> [--checkpoints <log>]
       behalf-auth-server audit verify-export <events.jsonl> [--checkpoints <log>]

  --check          print the effective configuration and stop
  init             write a configuration to start with, its keys and its secrets
  --issuer         where the server is                               http://localhost:3000
  --resource       your API, as tokens name it                       https://billing.example.com
  --redirect-uri   where people come back to after they signed in    http://localhost:5000/callback
  key              write a private key for an agent, and print its public half, an entry of the client's jwks.keys
  audit verify     read the whole trail in the database, and name the first record that is wrong
  audit verify-export
                   the same with what /admin/audit/export gave out ("-" for standard input)
  --checkpoints    log of the server: what it signed must be there
`

/** What the program is asked to do. */
export type Command =
  | { readonly name: 'serve' | 'check'; readonly file: string }
  | { readonly name: 'init'; readonly folder: string; readonly addresses: StarterAddresses }
  | { readonly name: 'key'; readonly file: string }
  | {
      readonly name: 'verify' | 'verify-export'
      readonly file: string
      readonly checkpoints: string | undefined
    }
  | { readonly name: 'help' }
  | { readonly name: 'misuse'; readonly fault: string }

/** Reads the arguments of the program. */
export function readCommand(args: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        issuer: { type: 'string' },
        resource: { type: 'string' },
        'redirect-uri': { type: 'string' },
        checkpoints: { type: 'string' },
      },
      allowPositionals: true,
    })
    const { check, help, checkpoints, 'redirect-uri': redirectUri, ...rest } = values
    if (help) return { name: 'help' }
    if (positionals[0] === 'audit') return readAudit(positionals.slice(1), checkpoints)
    if (checkpoints !== undefined) return misuse('checkpoints are for audit')
    const addresses = { ...rest, ...(redirectUri === undefined ? {} : { redirectUri }) }
    return readPositionals(positionals, check, addresses)
  } catch (error) {
    return misuse(error instanceof Error ? (error.message.split('. ', 1)[0] ?? '') : '')
  }
}

function readPositionals(positionals: readonly string[], isCheck: boolean, addresses: StarterAddresses): Command {
  const [first, second, ...more] = positionals
  if (first === undefined) return misuse('a configuration file is missing')
  if (first === 'init') {
    if (second === undefined || more.length > 0) return misuse('init takes one folder')
    return { name: 'init', folder: second, addresses }
  }
  if (Object.keys(addresses).length > 0)
    return misuse('addresses are for init: later they are in the configuration file')
  if (first === 'key') {
    return second === undefined || more.length > 0 ? misuse('key takes one file') : { name: 'key', file: second }
  }
  if (second !== undefined) return misuse('one configuration file, no more')
  return { name: isCheck ? 'check' : 'serve', file: first }
}

function readAudit([verb, file, ...more]: readonly string[], checkpoints: string | undefined): Command {
  if (verb !== 'verify' && verb !== 'verify-export') return misuse('audit takes verify or verify-export')
  if (file === undefined || more.length > 0) return misuse(`audit ${verb} takes one file`)
  return { name: verb, file, checkpoints }
}

function misuse(fault: string): Command {
  return { name: 'misuse', fault }
}
