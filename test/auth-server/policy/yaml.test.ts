import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../../packages/auth-server/dist/errors.js'
import { parseDocument } from '../../../packages/auth-server/dist/policy/parse-document.js'
import { readPolicyFile } from '../../../packages/auth-server/dist/policy/read-policy-file.js'
import { formatPolicyFile } from '../../../packages/auth-server/dist/policy/write-policy-file.js'
import { readYaml, writeYaml } from '../../../packages/auth-server/dist/policy/yaml.js'
import { document } from './arbitrary.js'
import { adminResource } from './scene.js'

const laughs = [
  'a: &a [x, x]',
  ...'bcdefghij'.split('').map((name, i) => `${name}: &${name} [*${'abcdefghij'[i]}, *${'abcdefghij'[i]}]`),
]

/** What is refused, and the nearest text that is read. */
const texts: readonly [string, string, RegExp, string][] = [
  ['a key twice', 'a: 1\na: 2', /unique.*line 2/u, 'a: 1\nb: 2'],
  ['a key twice in a flow', '{a: 1, "a": 2}', /unique/u, '{a: 1, "b": 2}'],
  ['an alias', 'a: &x 1\nb: *x', /alias/u, 'a: 1\nb: 1'],
  ['an alias of nothing', 'a: *x', /alias/u, 'a: "*x"'],
  ['an anchor alone', 'a: &x 1', /anchor/u, 'a: "&x 1"'],
  ['aliases that multiply', laughs.join('\n'), /alias/u, 'a: [x, x]'],
  ['an own tag', 'a: !mine 1', /no YAML/u, 'a: "!mine 1"'],
  ['a known tag', 'a: !!str 1', /tag/u, 'a: "1"'],
  ['a binary', 'a: !!binary aGk=', /tag/u, 'a: aGk='],
  ['a tag of a map', 'a: !!map {b: 1}', /tag/u, 'a: {b: 1}'],
  ['a key that is a list', '? [a]\n: 1', /no YAML/u, '? a\n: 1'],
  ['a directive of an older version', '%YAML 1.1\n---\na: 22:00', /directive/u, '---\na: 22:00'],
  ['two documents', 'a: 1\n---\nb: 2', /no YAML/u, '---\na: 1'],
  ['what is no YAML', 'a: [1', /no YAML/u, 'a: [1]'],
  ['lists in lists without an end', '['.repeat(50_000), /no YAML/u, '[[[]]]'],
  ['a file without an end', `a: ${'x'.repeat(4_000_001)}`, /more than/u, `a: ${'x'.repeat(100)}`],
]

describe('reading YAML', () => {
  it.each(texts)('refuses %s, and reads its twin', (_name, wrong, words, right) => {
    expect(() => readYaml(wrong)).toThrow(InvalidInputError)
    expect(() => readYaml(wrong)).toThrow(words)
    expect(readYaml(right)).toBeDefined()
  })

  it('takes texts as they stand: no numbers of base 60, no yes, no merging', () => {
    expect(readYaml('{a: 22:00, b: yes, c: on, d: 0o17, <<: x}')).toEqual({
      a: '22:00',
      b: 'yes',
      c: 'on',
      d: 15,
      '<<': 'x',
    })
  })

  it('writes what older readers would take for something else in quotes', () => {
    expect(writeYaml({ a: '22:00', b: 'yes', c: 'plain' })).toBe('a: "22:00"\nb: "yes"\nc: plain\n')
  })

  it('reads back any policy that was written', () => {
    fc.assert(
      fc.property(document, (document) => {
        expect(readPolicyFile(formatPolicyFile(document), adminResource).document).toEqual(
          parseDocument(document, adminResource),
        )
      }),
      { numRuns: 100 },
    )
  })

  it('reads back any text that was written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })), (value) => {
        const plain = { ...value }
        expect(readYaml(writeYaml(plain))).toEqual(plain)
      }),
      { numRuns: 300 },
    )
  })
})
