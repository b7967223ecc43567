// Installs the workspace from the lockfile, and does nothing when it is already installed.
// `npm start` and `npm test` call it first, so Node and npm are all a machine needs.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const pnpm = 'pnpm@12.21.0'
const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'node_modules/.behalf-setup')

const fail = (message, code = 1) => {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}

const manifest = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
const wanted = manifest('.').engines.node.replace(/[^\d.]/g, '')
const order = (version) => version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0)
if (order(process.versions.node) < order(wanted)) {
  fail(`Behalf needs Node ${wanted} or newer, and this is Node ${process.versions.node}.`)
}

const children = (folder) =>
  existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => join(folder, name)) : []
const projects = ['.', 'test', ...children('packages'), ...children('examples')].filter((folder) =>
  existsSync(join(root, folder, 'package.json')),
)

const fingerprint = createHash('sha256')
for (const file of [
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  ...projects.map((folder) => join(folder, 'package.json')),
]) {
  fingerprint.update(file).update(readFileSync(join(root, file)))
}
const state = fingerprint.update(process.platform + process.arch).digest('hex')

const needsModules = ({ dependencies, devDependencies }) =>
  Object.keys({ ...dependencies, ...devDependencies }).length > 0
const installed =
  existsSync(stamp) &&
  readFileSync(stamp, 'utf8') === state &&
  projects.every((folder) => existsSync(join(root, folder, 'node_modules')) || !needsModules(manifest(folder)))
if (installed) process.exit(0)

process.stderr.write('Installing dependencies (again only when the lockfile changes) ...\n')
const { status, error, stdout, stderr } = spawnSync(
  'npx',
  ['--yes', pnpm, 'install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'],
  {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true', npm_config_loglevel: 'error' },
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  },
)
if (error || status !== 0)
  fail(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}\nThe install failed.`, status || 1)
writeFileSync(stamp, state)
