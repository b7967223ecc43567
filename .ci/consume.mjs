// A project that installs the packed packages, as a user would. Without an argument: makes it, and loads every entry in
// Node. With a TypeScript version: compiles it against the published types, libraries included where ours are concerned.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const project = join(root, '.cache/consumer')
const source = join(root, 'test/packaging/consumer')
const run = (command, args) => {
  const { status } = spawnSync(command, args, { cwd: project, stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}
const [, , typescript] = process.argv

if (typescript === undefined) install()
else compile(typescript)

function install() {
  rmSync(project, { recursive: true, force: true })
  mkdirSync(project, { recursive: true })
  const installed = (name) =>
    JSON.parse(readFileSync(join(root, 'test/node_modules', name, 'package.json'), 'utf8')).version
  const libraries = [
    '@langchain/core',
    '@types/express',
    '@types/koa',
    'express',
    'fastify',
    'hono',
    'ioredis',
    'koa',
    'redis',
  ]
  const packages = readdirSync(join(root, 'packages'))
  const manifest = {
    private: true,
    type: 'module',
    dependencies: {
      ...Object.fromEntries(packages.map((name) => [`@behalf/${name}`, `file:../packed/${name}.tgz`])),
      ...Object.fromEntries(libraries.map((name) => [name, installed(name)])),
      '@types/node': JSON.parse(readFileSync(join(root, 'node_modules/@types/node/package.json'), 'utf8')).version,
      'typescript-5.9': 'npm:typescript@5.9.3',
      'typescript-6.0': 'npm:typescript@6.0.3',
    },
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, undefined, 2))
  run('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'])

  const entries = packages.flatMap((name) => {
    const { exports } = JSON.parse(readFileSync(join(project, 'node_modules/@behalf', name, 'package.json'), 'utf8'))
    const modules = Object.keys(exports).filter((entry) => !entry.endsWith('.json'))
    return modules.map((entry) => `@behalf/${name}${entry.slice(1)}`)
  })
  const load = `for (const entry of ${JSON.stringify(entries)}) {
    const { length } = Object.keys(await import(entry))
    if (length === 0) throw new Error(entry + ' exports nothing')
    console.log(entry, length)
  }`
  run(process.execPath, ['--input-type=module', '--eval', load])
}

function compile(version) {
  if (!existsSync(join(project, 'node_modules'))) throw new Error('Run `node .ci/consume.mjs` first.')
  for (const file of readdirSync(source)) copyFileSync(join(source, file), join(project, file))
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false }
  const nodenext = { module: 'nodenext', moduleResolution: 'nodenext' }
  const bundler = { module: 'esnext', moduleResolution: 'bundler' }
  const projects = [
    // On a runtime that is not Node: no types but the platform's own.
    { file: 'portable.ts', lib: ['es2023', 'dom'], types: [], ...nodenext },
    { file: 'portable.ts', lib: ['es2023', 'dom'], types: [], ...bundler },
    { file: 'frameworks.ts', lib: ['es2023'], types: ['node'], ...nodenext },
    { file: 'redis.ts', lib: ['es2023'], types: ['node'], ...nodenext },
    // Beside Express, @types/koa meets a content-disposition whose types it does not know.
    { file: 'koa.ts', lib: ['es2023'], types: ['node'], skipLibCheck: true, ...nodenext },
    // LangChain's own types do not know exactOptionalPropertyTypes.
    { file: 'langchain.ts', lib: ['es2023'], types: ['node'], skipLibCheck: true, ...nodenext },
  ]
  for (const { file, ...options } of projects) {
    const compilerOptions = { ...strict, target: 'es2023', noEmit: true, ...options }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
    process.stdout.write(`${file}, ${options.moduleResolution}\n`)
    run(process.execPath, [join(project, `node_modules/typescript-${version}/bin/tsc`)])
  }
}
