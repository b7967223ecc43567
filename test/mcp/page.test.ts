import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatSection } from './page.js'

test('the README of @behalf/agent says how the MCP conformance suite ends', () => {
  expect(readFileSync(new URL('../../packages/agent/README.md', import.meta.url), 'utf8')).toContain(formatSection())
})
