import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AccessError, createResourceServer, type ErrorCode, errorCodes, type ResourceServerOptions } from '@behalf/core'
import { createTestIssuer } from '@behalf/testing'
import { afterAll, describe, expect, it } from 'vitest'

const page = readFileSync(join(import.meta.dirname, '../../packages/core/ERRORS.md'), 'utf8')
const entries = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((entry) => [entry.slice(0, entry.indexOf('\n')), entry]),
)

/** What a code adds to its answer on the page. */
const parameters: Partial<Record<ErrorCode, Record<string, string>>> = {
  scope_insufficient: { scope: 'billing:read' },
  authentication_insufficient: { acr_values: 'urn:example:loa2', max_age: '300' },
}

const issuer = await createTestIssuer({ listen: false })
const bearerOnly = { issuer: issuer.trusted(), audience: 'billing' }
const boundOnly = {
  ...bearerOnly,
  resource: 'https://billing.example.com',
  dpop: { mode: 'required', algorithms: ['ES256'] },
} as const

/** The whole answer of an API whose route refuses with the code. */
async function answerOf(code: ErrorCode, options: ResourceServerOptions): Promise<string> {
  const server = createResourceServer(options)
  const token = await issuer.token({ subject: 'user-1', audience: 'billing' })
  const request = new Request('https://billing.example.com/', { headers: { authorization: `Bearer ${token}` } })
  const refuse = () => {
    throw new AccessError(code, { parameters: parameters[code] ?? {} })
  }
  const decision = await server.authorize(request, { check: refuse })
  if (decision.allowed) throw new Error('allowed')
  const { status, headers, body } = decision
  return `HTTP/1.1 ${status}\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')}\n\n${body}`
}

afterAll(() => issuer.close())

describe('the error reference', () => {
  it('has one entry for each code, in order', () => {
    expect([...entries.keys()]).toEqual(errorCodes)
  })

  it.each(errorCodes)('%s', async (code) => {
    const entry = entries.get(code) ?? ''
    expect(entry).toMatch(/\n\*\*Fix\.\*\* \S/)
    expect(entry).toMatch(/\n\*\*Retry\.\*\* \S/)
    const [, written = ''] = /```http\n(.*?)\n```/s.exec(entry) ?? []
    const withoutNonce = written.replace('DPoP-Nonce: <nonce>\n', '')
    const withoutReason = withoutNonce.replace(/^(HTTP\/1\.1 \d{3}) .*/, '$1')
    if (code.startsWith('dpop_')) {
      // A bearer token never reaches a route of an API that takes bound tokens alone: the table itself is compared.
      expect(withoutReason).toContain(`"code":"${code}"`)
      expect(withoutReason).toContain('WWW-Authenticate: DPoP error="')
      expect(withoutReason).toContain(new AccessError(code).description)
      return
    }
    expect(withoutReason).toBe(await answerOf(code, bearerOnly))
  })

  it('shows the codes on DPoP as an API sends them that takes bound tokens alone', async () => {
    const refusal = await createResourceServer(boundOnly).authorize(new Request('https://billing.example.com/'))
    expect(refusal.allowed).toBe(false)
    expect(refusal.headers['WWW-Authenticate']).toBe('DPoP algs="ES256"')
    expect(entries.get('dpop_proof_invalid')).toContain('algs="ES256"')
  })
})
