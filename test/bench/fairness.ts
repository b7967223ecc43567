import { type Algorithm, createSigner, type Signer, type TokenSpec } from './signer.js'

/** Tokens that every contender must refuse: a verifier that looks at less would win for nothing. */
const bad: Readonly<Record<string, TokenSpec>> = {
  'of another issuer': { iss: 'https://other.example.com' },
  'for another audience': { aud: 'https://orders.example.com' },
  'that has expired': { lifetime: -60 },
}

/** Throws unless a verifier takes a good token and refuses expired, misdirected, forged and tampered ones. */
export async function demandFairness(name: string, signer: Signer, verify: (token: string) => unknown): Promise<void> {
  const good = signer.token()
  if (!(await accepts(verify, good))) throw new Error(`${name} refuses a good ${signer.algorithm} token`)
  const cases = new Map(Object.entries(bad).map(([kind, spec]) => [kind, signer.token(spec)]))
  cases.set('signed with another key', forger(signer.algorithm).token())
  cases.set('of another algorithm', forger(signer.algorithm === 'ES256' ? 'EdDSA' : 'ES256').token())
  cases.set('with other claims', splice(good, signer.token()))
  for (const [kind, token] of cases) {
    if (await accepts(verify, token)) throw new Error(`${name} takes a ${signer.algorithm} token ${kind}`)
  }
}

const forgers = new Map<Algorithm, Signer>()

/** Someone who signs as the issuer would, with a key of their own. */
function forger(algorithm: Algorithm): Signer {
  const signer = forgers.get(algorithm) ?? createSigner(algorithm)
  forgers.set(algorithm, signer)
  return signer
}

async function accepts(verify: (token: string) => unknown, token: string): Promise<boolean> {
  try {
    await verify(token)
    return true
  } catch {
    return false
  }
}

/** Header and claims of one token with the signature of another. */
function splice(token: string, other: string): string {
  return token.slice(0, token.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'))
}
