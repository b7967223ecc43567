import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const text = readFileSync(new URL('../../packages/agent/README.md', import.meta.url), 'utf8')
const source = (name: string): string =>
  readFileSync(new URL(`../../packages/agent/src/${name}.ts`, import.meta.url), 'utf8')

/** First cells of a table, by its heading. */
function rows(heading: string): readonly string[] {
  const table = text.split(/\n{2,}/).find((part) => part.startsWith(`| ${heading}`)) ?? ''
  return [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name)
}

const membersOf = (code: string): readonly string[] =>
  [...code.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name = '']) => name)

test('every option is on the page', () => {
  const options = source('options').split('export interface Settings')[0] ?? ''
  expect(new Set(rows('option '))).toEqual(new Set(membersOf(options)))
})

test('so is every member of a request', () => {
  const [, request = ''] = source('request').split('export interface DelegationRequest')
  expect(new Set(rows('request'))).toEqual(new Set(membersOf(request)))
})
