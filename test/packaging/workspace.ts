import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** What these tests read of a package.json. */
export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly [member: string]: unknown
}

/** A folder under packages/. */
export interface Package {
  readonly folder: string
  readonly path: string
  readonly manifest: Manifest
}

export function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest
}

export function packages(): readonly Package[] {
  return readdirSync(join(root, 'packages')).map((folder) => {
    const path = join(root, 'packages', folder)
    return { folder, path, manifest: readManifest(path) }
  })
}

/** One TypeScript file of a package's src folder, without its comments. */
export interface SourceFile {
  /** Relative to src, with forward slashes. */
  readonly name: string
  readonly code: string
  /** Every module it names: imports, re-exports, dynamic imports and import types. */
  readonly imports: readonly string[]
  readonly lines: number
}

export function sourceFiles(path: string): readonly SourceFile[] {
  const src = join(path, 'src')
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      const text = readFileSync(file, 'utf8')
      const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
      const imports = [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, name = '']) => name)
      return { name: relative(src, file).replaceAll('\\', '/'), code, imports, lines: text.split('\n').length }
    })
}
