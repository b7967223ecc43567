// Packs every package as it would be published, into .cache/packed, and checks what is inside.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, '.cache/packed')
const allowed = /^(dist\/.+\.(js|d\.ts|js\.map)|[A-Z]+\.md|LICENSE|package\.json|[a-z]+\.schema\.json)$/
const problems = []

rmSync(target, { recursive: true, force: true })
mkdirSync(target, { recursive: true })
// pnpm, because it writes versions where a manifest says `workspace:` and `catalog:`.
const pack = ['--yes', 'pnpm@12.21.0', '-r', '--filter', './packages/*', 'pack', '--pack-destination', target]
execFileSync('npx', pack, { cwd: root, stdio: 'pipe' })

for (const folder of readdirSync(join(root, 'packages'))) {
  const source = join(root, 'packages', folder)
  const tarball = join(target, `${folder}.tgz`)
  const unpacked = join(target, folder)
  const { name, version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
  renameSync(join(target, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`), tarball)
  mkdirSync(unpacked)
  execFileSync('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1'])

  const files = readdirSync(unpacked, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(unpacked.length + 1))
  const complain = (file, what) => problems.push(`${folder}: ${file} ${what}`)

  for (const wanted of ['README.md', 'LICENSE', 'package.json'])
    if (!files.includes(wanted)) complain(wanted, 'is missing')
  for (const file of files) check(file, readFileSync(join(unpacked, file), 'utf8'), complain, source, unpacked)
  process.stdout.write(`${folder.padEnd(10)} ${files.length} files, ${statSync(tarball).size} bytes\n`)
}

function check(file, text, complain, source, unpacked) {
  if (!allowed.test(file)) complain(file, 'has no place in a package')
  if (/\.(test|spec|bench)\./.test(file)) complain(file, 'is a test')
  if (text.includes(root)) complain(file, 'names a path of this machine')
  if (file === 'package.json' && /"(workspace|catalog|link|file):/.test(text))
    complain(file, 'holds a version only the workspace knows')
  if (!file.startsWith('dist/')) return

  const origin = file.replace(/^dist\//, 'src/').replace(/\.(js\.map|d\.ts|js)$/, '.ts')
  if (!existsSync(join(source, origin))) complain(file, `has no source (${origin}): a stale build?`)
  const map = text.match(/^\/\/# sourceMappingURL=(.+)$/m)?.[1]
  if (map && !existsSync(join(unpacked, dirname(file), map)))
    complain(file, `points to a map that is not there (${map})`)
  if (file.endsWith('.map')) {
    const { sources, sourcesContent } = JSON.parse(text)
    if (sources.length === 0 || sources.some((_, i) => typeof sourcesContent?.[i] !== 'string')) {
      complain(file, 'is a map without its sources')
    }
    if (!existsSync(join(unpacked, dirname(file), basename(file, '.map'))))
      complain(file, 'maps a file that is not there')
  }
}

if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`)
  process.exit(1)
}
