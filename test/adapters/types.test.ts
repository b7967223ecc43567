import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Every use that must not compile is marked in the fixtures, and a mark without an error is one. Augmentations hold for
// a whole program, so the entry without one has a program of its own.
it.each(['tsconfig.json', 'tsconfig.no-augment.json'])(
  'compiles what a user writes, and nothing else: %s',
  (config) => {
    const tsc = fileOf('../../node_modules/typescript/bin/tsc')
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', fileOf(`types/${config}`)], { encoding: 'utf8' })
    expect([stdout, status]).toEqual(['', 0])
  },
)
