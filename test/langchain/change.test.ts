import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const folder = join(import.meta.dirname, '../../examples/agent/src')
const before = toolsOf('static-key-tools.ts')
const after = toolsOf('delegated-tools.ts')

/** The lines of each tool of a file, by name. */
function toolsOf(file: string): ReadonlyMap<string, readonly string[]> {
  const [, ...blocks] = readFileSync(join(folder, file), 'utf8').split(/^ {2}tool\(/mu)
  return new Map(
    blocks.map((block) => {
      const lines = (block.split(/^\]$/mu)[0] ?? '').split('\n').filter((line) => line.trim() !== '')
      return [/name: '(\w+)'/u.exec(block)?.[1] ?? '', lines]
    }),
  )
}

const without = (lines: readonly string[], others: readonly string[] = []) =>
  lines.filter((line) => !others.includes(line))

it.each(['get_customer_billing', 'list_charges', 'get_user_profile', 'list_orders', 'refund_charge'])(
  'moves %s from a static key to delegation by one line changed and one added',
  (name) => {
    const [old = [], fresh = []] = [before.get(name), after.get(name)]
    const [gone, come] = [without(old, fresh), without(fresh, old)]
    expect(gone).toHaveLength(1)
    expect(gone[0]).toContain('keys.')
    expect(come).toHaveLength(2)
    expect(come[0]).toContain('{ fetch }')
    expect(come[1]).toContain('delegation: { client,')
  },
)

it('knows every tool of the example', () => {
  expect([...before.keys()]).toEqual([...after.keys()])
  expect(before.size).toBe(5)
})
