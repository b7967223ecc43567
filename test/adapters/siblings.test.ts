import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const files = {
  express: 'packages/express/src/guard.ts',
  fastify: 'packages/fastify/src/guard.ts',
  hono: 'packages/hono/src/index.ts',
  koa: 'packages/koa/src/index.ts',
} as const
const sources = Object.entries(files).map(([name, path]) => ({
  name,
  source: readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'),
}))

/** What is declared, in order, each with the sentence above it; the words each framework has for its own are made equal. */
function outline(source: string): readonly string[] {
  const declarations = source.matchAll(
    /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n *)(?:export |readonly )*(?:(?:function|interface) )?(\w+)/g,
  )
  return [...declarations]
    .map(([, sentence = '', name = '']) => `${name}: ${sentence.replaceAll(/[\s*]+/g, ' ').trim()}`)
    .filter((entry) =>
      /^(Guards|protect|requireScope|requireAnyScope|metadata|securityEvents|createGuard):/.test(entry),
    )
    .map((entry) =>
      entry.replace(/(?:req|request|ctx\.state|c\.var)\.auth/, '….auth').replace(/of the (?:request|context)/, 'of …'),
    )
}

describe.each(sources)('$name', ({ source }) => {
  it('documents the same names in the same order with the same sentences', () => {
    const entries = outline(source)
    expect(entries.map((entry) => entry.split(':', 1)[0])).toEqual([
      'Guards',
      'protect',
      'requireScope',
      'requireAnyScope',
      'metadata',
      'securityEvents',
      'createGuard',
    ])
    expect(entries).toEqual(outline(sources[0]?.source ?? ''))
  })

  it('translates and does nothing else', () => {
    const code = source
      .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      .split('\n')
      .filter((line) => line.trim() !== '')
    expect(code.length).toBeGreaterThan(34)
    expect(code.length).toBeLessThan(81)
    expect(code.join('\n')).not.toMatch(
      /\b(?:try|catch) *[{(]\s*$|\bconsole\b|\bprocess\b|Authorization|Bearer|WWW-|\b[45]\d\d\b/m,
    )
  })
})
