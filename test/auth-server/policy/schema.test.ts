import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { policyFileJsonSchema } from '../../../packages/auth-server/dist/policy/policy-file-schema.js'
import { shop } from './scene.js'

const root = join(import.meta.dirname, '../../..')

/** As every file of the repository is. */
function format(json: string): string {
  const biome = join(root, 'node_modules/.bin/biome')
  return execFileSync(biome, ['format', '--stdin-file-path=policy.schema.json'], {
    cwd: root,
    input: json,
    encoding: 'utf8',
  })
}

describe('the JSON Schema of a policy file', () => {
  it('is the one that is published (vitest --update writes it)', async () => {
    const text = format(JSON.stringify(policyFileJsonSchema()))
    await expect(text).toMatchFileSnapshot('../../../packages/auth-server/policy.schema.json')
  })

  it('is of draft 2020-12, and takes what the server takes', () => {
    const schema = policyFileJsonSchema()
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      additionalProperties: false,
    })
    // zod compiles patterns without the `u` that JSON Schema asks for: those that need it are left out
    const plain = JSON.stringify(schema, (name, value) =>
      name === 'pattern' && /\\p/u.test(value) ? undefined : value,
    )
    const read = z.fromJSONSchema(JSON.parse(plain))
    expect(read.safeParse(shop).success).toBe(true)
    expect(read.safeParse({ ...shop, agents: { 'agent:a': { name: 'A', owner: 'o' } } }).success).toBe(true)
    const wrong = [
      { ...shop, schema: 'x' },
      { ...shop, extra: 1 },
      { ...shop, rules: {} },
      { ...shop, roles: { r: {} } },
    ]
    for (const each of wrong) expect(read.safeParse(each).success).toBe(false)
  })

  it('is a file of the package', () => {
    const path = createRequire(import.meta.url).resolve('@behalf/auth-server/policy.schema.json')
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(policyFileJsonSchema())
  })
})
