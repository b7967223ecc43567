import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const folder = join(import.meta.dirname, '../../examples/agent/src')
const [before, after] = [linesOf('static-key-tools.ts'), linesOf('delegated-tools.ts')]

/** Every line of a file but empty ones. */
function linesOf(file: string): readonly string[] {
  return readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
}

/** The lines of each tool of a file, by name: from its `tool(` to the bracket that ends it. */
function toolsOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const starts = lines.flatMap((line, at) => (line.startsWith('  tool(') ? [at] : []))
  const blocks = starts.map((at) => {
    const end = lines.findIndex((line, i) => i > at && /^ {2}\S*\),$/u.test(line))
    return lines.slice(at, end + 1)
  })
  return new Map(blocks.map((block) => [/name: '(\w+)'/u.exec(block.join('\n'))?.[1] ?? '', block]))
}

/** The lines of a file that belong to no tool. */
function restOf(lines: readonly string[]): readonly string[] {
  const own = [...toolsOf(lines).values()].reduce((sum, block) => sum + block.length, 0)
  const start = lines.findIndex((line) => line.startsWith('  tool('))
  return lines.toSpliced(start, own)
}

const without = (lines: readonly string[], others: readonly string[] = []) =>
  lines.filter((line) => !others.includes(line))

const names = ['get_customer_billing', 'list_charges', 'get_user_profile', 'list_orders', 'refund_charge']

it.each(names)('moves %s from a static key to delegation by one line changed and one added', (name) => {
  const [old = [], fresh = []] = [toolsOf(before).get(name), toolsOf(after).get(name)]
  const [gone, come] = [without(old, fresh), without(fresh, old)]
  expect(gone).toHaveLength(1)
  expect(gone[0]).toContain('keys.')
  expect(come).toHaveLength(2)
  expect(come[0]).toContain('{ fetch }')
  expect(come[1]).toContain('delegation: { client,')
})

it('changes once per file: imports, the parameter, and what consent is asked for', () => {
  expect(without(restOf(before), restOf(after))).toEqual([
    "import type { ApiName, Apis } from '@behalf/example-stage'",
    "import { tool } from 'langchain'",
    "import { get, post, read } from './requests.js'",
    expect.stringContaining('/** Before: '),
    expect.stringMatching(/^export const createTools = .* keys: Readonly<Record<ApiName, string>>\) => \[$/u),
  ])
  expect(without(restOf(after), restOf(before))).toEqual([
    "import type { DelegationClient } from '@behalf/agent'",
    "import type { Apis } from '@behalf/example-stage'",
    "import { delegatedTool as tool } from '@behalf/langchain'",
    "import { post, read } from './requests.js'",
    expect.stringContaining('/** After: '),
    expect.stringMatching(/^export const createTools = .* client: DelegationClient\) => \[$/u),
    expect.stringMatching(/^\/\*\* What the person is asked to agree to/u),
    expect.stringMatching(/^function refundOf/u),
    expect.stringMatching(/^ {2}return \[\{ type: 'refund'/u),
    '}',
  ])
})

it('counts every line of both files', () => {
  for (const lines of [before, after]) {
    const [tools, rest] = [toolsOf(lines), restOf(lines)]
    expect([...tools.keys()]).toEqual(names)
    expect([...tools.values()].flat().length + rest.length).toBe(lines.length)
    expect(rest.some((line) => line.includes('tool('))).toBe(false)
  }
})
