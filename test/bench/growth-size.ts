import type { TrustedIssuer } from '@behalf/core'
import { createRequest, createServer, trust } from './behalf.js'
import { bareVerify } from './limit.js'
import { type Contender, type Measurement, measure } from './measure.js'
import type { Scale } from './scale.js'
import { createSigner, issuer, type Signer, scope } from './signer.js'
import { ratio, type Statistic } from './statistic.js'
import { formatCount, formatRatio } from './table.js'
import { atMost, verdict } from './target.js'
import { createWire } from './wire.js'

/** Something that may become large. */
interface Growth {
  readonly name: string
  readonly sizes: readonly number[]
  readonly create: (size: number, tokens: number) => Sample
}

interface Sample {
  readonly issuers: readonly TrustedIssuer[]
  /** Who signed the tokens, in turn. */
  readonly signers: readonly Signer[]
  readonly tokens: readonly string[]
}

const growths: readonly Growth[] = [
  {
    name: 'trusted issuers',
    sizes: [1, 10, 100, 1_000],
    create(size, tokens) {
      const signers = createSigners(size)
      const name = (index: number): string => (size === 1 ? issuer : `https://auth-${index}.example.com`)
      return {
        issuers: signers.map((signer, index) => trust([signer], name(index))),
        signers,
        tokens: inTurn(signers, tokens, (signer, index) => signer.token({ iss: name(index) })),
      }
    },
  },
  {
    name: 'keys of an issuer',
    sizes: [1, 10, 100],
    create(size, tokens) {
      const signers = createSigners(size)
      return { issuers: [trust(signers)], signers, tokens: inTurn(signers, tokens, (signer) => signer.token()) }
    },
  },
  {
    name: 'scopes of a token',
    sizes: [1, 10, 100, 1_000],
    create(size, tokens) {
      const signers = createSigners(1)
      const scopes = [...Array.from({ length: size - 1 }, (_, index) => `s${index}`), scope].join(' ')
      const spec = { scope: scopes }
      return { issuers: [trust(signers)], signers, tokens: inTurn(signers, tokens, (signer) => signer.token(spec)) }
    },
  },
]

export async function sizeRows(scale: Scale['growth']): Promise<readonly (readonly string[])[]> {
  const rows: (readonly string[])[] = []
  for (const growth of growths) {
    const samples = growth.sizes.map((size) => [size, growth.create(size, scale.tokens)] as const)
    const distinct = await measure(
      samples.flatMap(([size, sample]) => distinctContenders(size, sample)),
      { rounds: scale.rounds, calls: scale.tokens, slice: 20 },
    )
    const repeated = await measure(
      samples.flatMap(([size, sample]) => repeatedContenders(size, sample)),
      { rounds: scale.rounds, calls: scale.tokens * 20, slice: 500 },
    )
    const [smallest = 1] = growth.sizes
    rows.push(...growth.sizes.slice(1).map((size) => formatRow(growth.name, smallest, size, distinct, repeated)))
  }
  return rows
}

function createSigners(count: number): readonly Signer[] {
  return Array.from({ length: count }, (_, index) => createSigner('EdDSA', `key-${index}`))
}

function inTurn(signers: readonly Signer[], count: number, sign: (signer: Signer, index: number) => string): string[] {
  const tokens: string[] = []
  while (tokens.length < count) tokens.push(...signers.slice(0, count - tokens.length).map(sign))
  return tokens
}

function distinctContenders(size: number, { issuers, signers, tokens }: Sample): readonly Contender[] {
  const server = createServer(issuers, { tokenCache: false })
  const requests = tokens.map((token) => createRequest(`Bearer ${token}`))
  return [
    { name: limitOf(size), asynchronous: false, call: bareVerify(signers, tokens) },
    {
      name: authorizeOf(size),
      asynchronous: true,
      call: (index) => server.authorize(requests[index] ?? createRequest(''), { scope }),
    },
  ]
}

function repeatedContenders(size: number, { issuers, tokens }: Sample): readonly Contender[] {
  const server = createServer(issuers)
  const headers = createWire(tokens.map((token) => `Bearer ${token}`))
  return [
    { name: limitOf(size), asynchronous: false, call: headers },
    {
      name: authorizeOf(size),
      asynchronous: true,
      call: (index) => server.authorize(createRequest(headers(index)), { scope }),
    },
  ]
}

function formatRow(name: string, from: number, to: number, distinct: Measurement, repeated: Measurement): string[] {
  const factors = [distinct, repeated].map((measurement) => factor(measurement, authorizeOf, from, to))
  const limits = [distinct, repeated].map((measurement) => factor(measurement, limitOf, from, to))
  const cells = factors.map((own, i) => `${formatRatio(own)}, limit ${limits[i]?.median.toFixed(2)}`)
  const worst = Math.max(...factors.map(({ median }) => median))
  return [name, `${formatCount(from)} → ${formatCount(to)}`, ...cells, '', ...verdict([atMost(worst, 1.2)])]
}

function factor(measurement: Measurement, name: (size: number) => string, from: number, to: number): Statistic {
  return ratio(measurement.get(name(to)) ?? [], measurement.get(name(from)) ?? [])
}

function limitOf(size: number): string {
  return `limit at ${size}`
}

function authorizeOf(size: number): string {
  return `authorize at ${size}`
}
