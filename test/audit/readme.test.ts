import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const text = readFileSync(new URL('../../packages/audit/README.md', import.meta.url), 'utf8')

test('every option is on the page', () => {
  const source = readFileSync(new URL('../../packages/audit/src/http-sink.ts', import.meta.url), 'utf8')
  const [, options = ''] = /export interface HttpSinkOptions \{\n(.*?)\n\}/s.exec(source) ?? []
  const members = [...options.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name)
  const rows = [...text.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
  expect(members.length).toBeGreaterThan(2)
  expect(new Set(rows)).toEqual(new Set(members))
})
