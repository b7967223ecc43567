import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packages, type SourceFile, sourceFiles } from './workspace.js'

// The floors of core, from the ground up: a request climbs them from `request` to `audit`. A file may import from lower
// floors, and from its own folder.
const floors = [
  ['error-table'],
  ['errors', 'warning', 'and-then', 'deadline', 'address', 'claims-schema'],
  ['check', 'request', 'jws'],
  ['keys'],
  ['token'],
  ['trusted-issuer', 'policy', 'binding'],
  ['decision', 'audit'],
  ['revocation'],
  ['options', 'metadata'],
  ['settings'],
  ['caller'],
  ['stages', 'attempt'],
  ['resource-server'],
  ['index'],
]
/** Programs, which answer to the process they are. */
const programs = ['auth-server/src/bin.ts', 'auth-server/src/bin/serve.ts']
const nodeOnly = ['jws/runtime.node.ts', 'request/node.ts', 'node.ts']
/** The one source of settings that is the environment itself, and says so: `environmentKey()`. */
const readsEnvironment = ['agent/src/environment-key.ts']
const bannedNames = /^(utils?|helpers?|common|misc|types?|managers?|services?)$/

const all = packages().map((pack) => ({ ...pack, files: sourceFiles(pack.path) }))
const core = all.find(({ folder }) => folder === 'core')?.files ?? []
// The other frameworks are Node's own.
const portable = all.filter(({ folder }) => ['agent', 'audit', 'core', 'hono', 'langchain'].includes(folder))

/** A folder of src, or a file that stands alone in it. */
const unitOf = (name: string) => name.split('/')[0]?.replace(/\.[jt]s$/, '') ?? name
const floorOf = (unit: string) => floors.findIndex((units) => units.includes(unit))

function importsOf({ name, imports }: SourceFile) {
  return imports
    .map((target) => (target.startsWith('#') ? `jws/${target.slice(1)}.ts` : target))
    .filter((target) => target.startsWith('.') || target.startsWith('jws/'))
    .map((target) => (target.startsWith('.') ? posix.join(posix.dirname(name), target) : target))
}

const edges = core.flatMap((file) =>
  importsOf(file)
    .map((target) => ({ file: file.name, from: unitOf(file.name), to: unitOf(target) }))
    .filter(({ from, to }) => from !== to),
)

describe('the floors of core', () => {
  it('gives every folder and every lone file a floor', () => {
    expect(core.length).toBeGreaterThan(10)
    expect([...new Set(core.map(({ name }) => unitOf(name)))].filter((unit) => floorOf(unit) === -1)).toEqual([])
  })

  it('imports downward only, types included', () => {
    expect(edges.length).toBeGreaterThan(10)
    expect(edges.filter(({ from, to }) => floorOf(to) >= floorOf(from))).toEqual([])
  })

  it('has no circle between files', () => {
    const graph = new Map(
      core.map((file) => [file.name, importsOf(file).map((target) => target.replace(/\.js$/, '.ts'))]),
    )
    const done = new Set<string>()
    const visit = (name: string, path: readonly string[]): readonly string[] => {
      if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
      if (done.has(name)) return []
      const circle = (graph.get(name) ?? [])
        .map((target) => visit(target, [...path, name]))
        .find(({ length }) => length > 0)
      done.add(name)
      return circle ?? []
    }
    expect([...graph.keys()].flatMap((name) => visit(name, []))).toEqual([])
  })
})

describe('what packages keep away from', () => {
  it('imports node: modules only in the files that Node alone loads', () => {
    const found = portable.flatMap(({ folder, files }) =>
      files
        .filter(({ name, imports }) => imports.some((target) => target.startsWith('node:')) && !nodeOnly.includes(name))
        .map(({ name }) => `${folder}/src/${name}`),
    )
    expect(found).toEqual([])
  })

  it.each([
    ['the environment', /\bprocess\??\.env\b|\bimport\.meta\.env\b/],
    ['the console', /\bconsole\s*\./],
    ['process exit', /\bprocess\.(exit|on|once)\b/],
    ['any', /:\s*any\b|\bas\s+any\b|<any>/],
    ['enums and namespaces', /^\s*(export\s+)?(declare\s+)?(const\s+)?enum\s/m],
  ])('never uses %s', (_what, pattern) => {
    const found = all.flatMap(({ folder, files }) =>
      files.filter(({ code }) => pattern.test(code)).map(({ name }) => `${folder}/src/${name}`),
    )
    expect(found.filter((file) => !programs.includes(file) && !readsEnvironment.includes(file))).toEqual([])
  })

  it('has no class but errors: two, where tokens are verified; one of the agent is a kind of the other', () => {
    const found = all.flatMap(({ folder, files }) =>
      files.flatMap(({ code }) =>
        [...code.matchAll(/^\s*(?:export\s+)?(?:abstract\s+)?class\s+(\w+)(?:\s+extends\s+(\w+))?/gm)].map(
          ([, name, parent]) => ({ folder, name, parent }),
        ),
      ),
    )
    const kinds = found.filter(({ parent }) => parent !== 'Error')
    expect(kinds).toEqual([{ folder: 'agent', name: 'InteractionRequiredError', parent: 'DelegationError' }])
    const verifying = found.filter(({ folder }) => !['agent', 'auth-server'].includes(folder)).map(({ name }) => name)
    expect(new Set(verifying)).toEqual(new Set(['AccessError', 'ConfigurationError']))
  })

  it('gives every relative import its extension', () => {
    const found = all.flatMap(({ folder, files }) =>
      files.flatMap(({ name, imports }) =>
        imports
          .filter((target) => /^\.\.?\//.test(target) && !target.endsWith('.js'))
          .map((target) => `${folder}/src/${name}: ${target}`),
      ),
    )
    expect(found).toEqual([])
  })

  it('names files in kebab-case, after what they hold', () => {
    const bad = all.flatMap(({ folder, files }) =>
      files
        .filter(({ name }) => {
          const base = posix.basename(name, '.ts')
          return !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(base) || bannedNames.test(base)
        })
        .map(({ name }) => `${folder}/src/${name}`),
    )
    expect(bad).toEqual([])
  })

  it('keeps files under 300 lines', () => {
    expect(
      all.flatMap(({ folder, files }) =>
        files.filter(({ lines }) => lines > 300).map(({ name }) => `${folder}/src/${name}`),
      ),
    ).toEqual([])
  })
})
