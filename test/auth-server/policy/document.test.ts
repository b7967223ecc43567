import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../../packages/auth-server/dist/errors.js'
import { parseDocument } from '../../../packages/auth-server/dist/policy/parse-document.js'
import { adminResource, billing, orders, shop } from './scene.js'

const read = shop.permissions['billing:read']
const rule = { id: 'one', effect: 'deny', when: {} }
const withPermission = (changes: object, name = 'x:y') => ({
  ...shop,
  permissions: {
    ...shop.permissions,
    [name]: { resource: billing, words: 'Do it', risk: 'low', consent: 'none', ...changes },
  },
})
const withResource = (changes: object, indicator = 'https://new.example.com') => ({
  ...shop,
  resources: { ...shop.resources, [indicator]: { name: 'New', ...changes } },
})
const withRule = (changes: object) => ({ ...shop, rules: [{ ...rule, ...changes }] })
const withCondition = (when: object) => withRule({ when })

/** What is refused, the words that say why, and the nearest document that is taken. */
const documents: readonly [string, unknown, RegExp, unknown][] = [
  ['no object', null, /policy: .*object/iu, shop],
  ['another schema', { ...shop, schema: 'behalf-policy/2' }, /schema/u, shop],
  ['a member it does not know', { ...shop, extra: 1 }, /extra/u, shop],
  ['no rules', { ...shop, rules: undefined }, /rules/u, shop],
  [
    'another default',
    { ...shop, unknownPermission: 'allow' },
    /unknownPermission/u,
    { ...shop, unknownPermission: 'pending' },
  ],
  [
    'a resource that is no URI',
    withResource({}, 'billing'),
    /resources\.billing: must be an absolute URI/u,
    withResource({}, 'urn:billing'),
  ],
  [
    'a resource with a fragment',
    withResource({}, 'https://a.example/#x'),
    /absolute URI without a fragment/u,
    withResource({}, 'https://a.example/x'),
  ],
  ['a resource with a member it does not know', withResource({ ttl: 5 }), /ttl/u, withResource({ tokenLifetime: 5 })],
  [
    'a lifetime above the ceiling',
    withResource({ tokenLifetime: 301 }),
    /tokenLifetime/u,
    withResource({ tokenLifetime: 300 }),
  ],
  ['a lifetime of no time', withResource({ tokenLifetime: 0 }), /tokenLifetime/u, withResource({ tokenLifetime: 1 })],
  [
    'security events in clear',
    withResource({ securityEvents: 'http://new.example.com/' }),
    /securityEvents/u,
    withResource({ securityEvents: 'https://new.example.com/' }),
  ],
  [
    'security events to a look-alike of loopback',
    withResource({ securityEvents: 'http://localhost.example.com/' }),
    /securityEvents/u,
    withResource({ securityEvents: 'http://localhost:9/' }),
  ],
  [
    'the admin API as a resource',
    withResource({}, adminResource),
    /is built in/u,
    withResource({}, 'https://auth.example.com/other'),
  ],
  [
    'a permission of no resource',
    withPermission({ resource: 'https://gone.example.com' }),
    /permissions\.x:y\.resource: no such resource/u,
    withPermission({}),
  ],
  [
    'an admin permission',
    withPermission({}, 'admin:write'),
    /permissions\.admin:write: is built in/u,
    withPermission({}, 'admin:other'),
  ],
  [
    'a protocol scope as a permission',
    withPermission({}, 'openid'),
    /permissions\.openid: is built in/u,
    withPermission({}, 'openid2'),
  ],
  ['a name with a space', withPermission({}, 'x y'), /letters, digits/u, withPermission({}, 'x-y')],
  ['a name with a quote', withPermission({}, 'x"y'), /letters, digits/u, withPermission({}, 'x.y')],
  ['a name that is empty', withPermission({}, ''), /letters, digits/u, withPermission({}, 'x')],
  [
    'a name of 129 characters',
    withPermission({}, 'x'.repeat(129)),
    /letters, digits/u,
    withPermission({}, 'x'.repeat(128)),
  ],
  ['a risk that is none', withPermission({ risk: 'extreme' }), /risk/u, withPermission({ risk: 'high' })],
  [
    'a consent mode that is none',
    withPermission({ consent: 'never' }),
    /consent/u,
    withPermission({ consent: 'per_task' }),
  ],
  ['words with a line break', withPermission({ words: 'Read\nall' }), /words/u, withPermission({ words: 'Read all' })],
  [
    'words that turn the text around',
    withPermission({ words: 'Read \u202egnihton' }),
    /words/u,
    withPermission({ words: 'Read nothing' }),
  ],
  ['an empty list of tools', withPermission({ tools: [] }), /tools/u, withPermission({ tools: ['t'] })],
  [
    'a tool twice',
    withPermission({ tools: ['t', 't'] }),
    /tools: holds an entry twice/u,
    withPermission({ tools: ['t', 'u'] }),
  ],
  [
    'downstream of nothing',
    withPermission({ downstream: ['gone'] }),
    /downstream: no permission gone/u,
    withPermission({ downstream: ['orders:read'] }),
  ],
  [
    'a role of an unknown permission',
    { ...shop, roles: { r: { permissions: ['gone'] } } },
    /roles\.r\.permissions: no permission gone/u,
    { ...shop, roles: { r: { permissions: ['orders:read', 'admin:read'] } } },
  ],
  [
    'a role of what objects inherit',
    { ...shop, roles: { r: { permissions: ['constructor'] } } },
    /no permission constructor/u,
    { ...shop, roles: { r: { permissions: [] } } },
  ],
  ['a rule without an effect', withRule({ effect: 'maybe' }), /effect/u, withRule({})],
  [
    'two rules of one id',
    { ...shop, rules: [rule, rule] },
    /rules\.one: there is another/u,
    { ...shop, rules: [rule, { ...rule, id: 'two' }] },
  ],
  ['a condition it does not know', withCondition({ agent: ['a'] }), /agent/u, withCondition({ agents: ['a'] })],
  [
    'a condition of an unknown role',
    withCondition({ roles: ['gone'] }),
    /rules\.one\.when\.roles: no role gone/u,
    withCondition({ roles: ['support'] }),
  ],
  [
    'a condition of an unknown permission',
    withCondition({ permissions: ['gone'] }),
    /no permission gone/u,
    withCondition({ permissions: ['admin:write'] }),
  ],
  [
    'a condition of an unknown resource',
    withCondition({ resources: ['https://gone.example.com'] }),
    /no resource/u,
    withCondition({ resources: [orders, adminResource] }),
  ],
  ['an empty list in a condition', withCondition({ agents: [] }), /agents/u, withCondition({ agents: ['a'] })],
  [
    'a time that is none',
    withCondition({ hours: { from: '24:00', to: '06:00' } }),
    /HH:MM/u,
    withCondition({ hours: { from: '23:59', to: '06:00' } }),
  ],
  [
    'hours of no time',
    withCondition({ hours: { from: '06:00', to: '06:00' } }),
    /the same time/u,
    withCondition({ hours: { from: '06:00', to: '06:01' } }),
  ],
  ['a day that is none', withCondition({ weekdays: [0] }), /weekdays/u, withCondition({ weekdays: [7] })],
]

describe('a document', () => {
  it.each(documents)('with %s is refused, and its twin is not', (_name, wrong, words, right) => {
    expect(() => parseDocument(wrong, adminResource)).toThrow(InvalidInputError)
    expect(() => parseDocument(wrong, adminResource)).toThrow(words)
    expect(parseDocument(right, adminResource)).toMatchObject({ schema: 'behalf-policy/1' })
  })

  it('tells of every problem at once, and of no more than twenty', () => {
    const roles = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`r${i}`, { permissions: ['gone'] }]))
    expect(() => parseDocument({ ...shop, roles }, adminResource)).toThrow(/roles\.r0\..*; roles\.r1\..*and 10 more$/u)
  })

  it('comes back frozen, in order, and equal', () => {
    const parsed = parseDocument(JSON.parse(JSON.stringify(shop)), adminResource)
    expect(parsed).toEqual(shop)
    expect(Object.keys(parsed.roles)).toEqual(['operator', 'reader', 'support'])
    for (const part of [parsed, parsed.roles, parsed.roles.support?.permissions, parsed.permissions['billing:read']]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(read).toBeDefined()
  })

  it('has no entry of a name that means something to JavaScript', () => {
    const text = JSON.stringify(shop).replace('"roles":{', '"roles":{"__proto__":{"permissions":["orders:read"]},')
    const parsed = parseDocument(JSON.parse(text), adminResource)
    expect(parsed.roles.permissions).toBe(undefined)
    expect(Object.keys(parsed.roles)).toEqual(['operator', 'reader', 'support'])
  })
})
