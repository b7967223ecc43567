import { describe, expect, it } from 'vitest'
import { consentNeeds, detailsDigest } from '../../../packages/auth-server/dist/consents/consent-needs.js'
import { agent, billing, document } from './scene.js'

const call = { subject: 'user_a', agentId: agent, resource: billing, transaction: null }

describe('what a call needs consent for', () => {
  it('is each permission once whose mode is not none', () => {
    const needs = consentNeeds(document, {
      ...call,
      scope: ['billing:list', 'billing:read', 'billing:pay', 'billing:read'],
    })
    expect(needs.map(({ permission, mode }) => [permission, mode])).toEqual([
      ['billing:read', 'once'],
      ['billing:pay', 'each_time'],
    ])
  })

  it.each([['unknown'], ['orders:change'], ['constructor'], ['__proto__']])(
    'is nothing for %s, which policy refuses',
    (name) => {
      expect(consentNeeds(document, { ...call, scope: [name] })).toEqual([])
      expect(consentNeeds(document, { ...call, scope: ['billing:read'] })).toHaveLength(1)
    },
  )

  it('is one for every record it names', () => {
    const details = [
      { type: 'record', identifier: 'cus_1' },
      { type: 'record', identifier: 'cus_2' },
      { identifier: 'cus_1', type: 'record' },
      { type: 'other', identifier: 'cus_3' },
      null,
    ]
    const needs = consentNeeds(document, { ...call, scope: ['billing:record'], details })
    expect(needs.map(({ detailsDigest }) => detailsDigest)).toEqual(details.slice(0, 2).map(detailsDigest))
  })

  it('has no record where none is named, which no consent for a record meets', () => {
    expect(consentNeeds(document, { ...call, scope: ['billing:record'] })).toMatchObject([{ detailsDigest: '' }])
  })
})

describe('the digest of a record', () => {
  const entry = {
    type: 'record',
    actions: ['read', 'list'],
    identifier: 'cus_1',
    privileges: { b: 1, a: [null, true] },
  }

  it('does not depend on the order of members, nor on locations, which repeat the API', () => {
    const turned = {
      privileges: { a: [null, true], b: 1 },
      locations: [billing],
      identifier: 'cus_1',
      actions: ['read', 'list'],
      type: 'record',
    }
    expect(detailsDigest(turned)).toBe(detailsDigest(entry))
  })

  it.each([
    ['another record', { identifier: 'cus_2' }],
    ['another action', { actions: ['read', 'write'] }],
    ['a number for a text', { identifier: 1 }],
    ['a member more', { datatypes: [] }],
    ['text that is put together otherwise', { actions: ['read","list'] }],
    ['look-alike text', { identifier: 'cus_1\u200b' }],
  ])('is another for %s', (_, change) => {
    expect(detailsDigest({ ...entry, ...change })).not.toBe(detailsDigest(entry))
  })
})
