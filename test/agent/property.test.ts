import type { DelegationRequest } from '@behalf/agent'
import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  dictionary,
  option,
  record,
  string,
  tuple,
  uniqueArray,
} from 'fast-check'
import { expect, test } from 'vitest'
import { createStub, issued, type TokenRequest } from './stub.js'

const members = ['resource', 'scope', 'subjectToken', 'tool', 'transaction', 'details'] as const

/** What a token is for: all that the server was told of it. */
const parts = ['resource', 'scope', 'subject_token', 'tool', 'txn', 'authorization_details']

/** A token that says what it is for. */
const issue = (request: TokenRequest): Response =>
  issued(request, {
    access_token: Buffer.from(JSON.stringify(parts.map((name) => request.form.get(name)))).toString('base64url'),
  })

/** What the token of a request must say. */
function wanted({ resource, scope, subjectToken, tool, details, transaction }: DelegationRequest): unknown {
  const names = [...new Set([scope ?? []].flat().flatMap((name) => name.split(' ')))].filter((name) => name !== '')
  const sorted = (_name: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value
  return [
    resource,
    names.length === 0 ? null : names.toSorted().join(' '),
    subjectToken ?? null,
    tool ?? null,
    transaction ?? null,
    details === undefined ? null : JSON.stringify(details, sorted),
  ]
}

/** Few texts, so that requests are alike often; and what keys and forms are made of, so that they seem to be. */
const text = constantFrom('a', 'b', 'a b', '"', ',', '","', 'null', '[]', '&txn=b', '\\', 'a\u0000b', 'é', '__proto__')
const detail = record({
  type: text,
  id: option(text, { nil: undefined }),
  more: dictionary(text, string({ maxLength: 2 })),
})
const whole = record(
  {
    resource: text,
    scope: option(uniqueArray(text, { maxLength: 3 }), { nil: undefined }),
    subjectToken: text,
    tool: text,
    transaction: text,
    details: array(detail, { maxLength: 2 }),
  },
  { requiredKeys: ['resource'] },
)

/** Requests that differ from one another in one member at most. */
const requests = tuple(whole, array(tuple(constantFrom(...members), whole), { minLength: 1, maxLength: 12 })).map(
  ([base, others]): readonly DelegationRequest[] => [
    base,
    ...others.map(([name, other]) => {
      const { [name]: _old, ...rest } = base
      return { resource: base.resource, ...rest, ...(name in other && { [name]: other[name] }) }
    }),
  ],
)

test('whatever is asked for, in whatever order, the token is for that and nothing else', async () => {
  const { client } = createStub({ issue, options: { maxTokens: 50 } })
  await assert(
    asyncProperty(requests, async (asked) => {
      const tokens = await Promise.all(asked.map((request) => client.getDelegationToken(request)))
      const says = tokens.map(({ accessToken }): unknown =>
        JSON.parse(Buffer.from(accessToken, 'base64url').toString()),
      )
      expect(says).toEqual(asked.map(wanted))
    }),
    { numRuns: 200 },
  )
})
