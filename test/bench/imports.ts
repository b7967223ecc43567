import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import type { Scale } from './scale.js'
import { statistic } from './statistic.js'
import type { Section } from './table.js'

const run = promisify(execFile)
const timer = fileURLToPath(new URL('import-timer.js', import.meta.url))

/** What a service imports to protect its routes, after express itself. */
const choices: readonly (readonly string[])[] = [
  ['@behalf/express'],
  ['express-oauth2-jwt-bearer'],
  ['express-jwt', 'jwks-rsa'],
]

export const importsSection: Section<Scale> = {
  id: 'imports',
  title: 'Import',
  async measure({ imports }) {
    const times = new Map<string, number[]>(choices.map((modules) => [modules.join(' + '), []]))
    for (let i = 0; i < imports.runs; i++) {
      for (const modules of choices) times.get(modules.join(' + '))?.push(await timeImport(modules))
    }
    const rows = [...times].map(([name, series]) => {
      const { median, low, high } = statistic(series)
      return [`import ${name}`, `${median.toFixed(1)} ms (${low.toFixed(1)}–${high.toFixed(1)})`]
    })
    const { minified, gzipped } = await bundleSize()
    return {
      columns: ['what', 'cost'],
      rows: [
        ...rows,
        ['@behalf/core without jose, bundled', `${kilobytes(gzipped)} gzip, ${kilobytes(minified)} minified`],
      ],
      notes: [
        `Imports: on top of \`import('express')\`, in ${imports.runs} fresh processes each, in turns; median (quartiles).`,
        'Bundle: core with lru-cache, made by rolldown for Node, jose left out.',
        'No target: the numbers are here so that growth is seen.',
      ],
    }
  },
}

async function timeImport(modules: readonly string[]): Promise<number> {
  const { stdout } = await run(process.execPath, [timer, ...modules])
  return Number(stdout)
}

async function bundleSize(): Promise<{ minified: number; gzipped: number }> {
  const bundle = await rolldown({
    input: fileURLToPath(import.meta.resolve('@behalf/core')),
    external: ['jose'],
    platform: 'node',
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  const code = output.map((file) => (file.type === 'chunk' ? file.code : '')).join('')
  return { minified: Buffer.byteLength(code), gzipped: gzipSync(code).length }
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}
