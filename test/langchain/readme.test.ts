import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const page = readFileSync(new URL('../../packages/langchain/README.md', import.meta.url), 'utf8')

it('names every member of a delegation', () => {
  const source = readFileSync(new URL('../../packages/langchain/src/delegation.ts', import.meta.url), 'utf8')
  const members = [...source.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name = '']) => name)
  expect(members.length).toBeGreaterThan(5)
  expect(members.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([])
})
