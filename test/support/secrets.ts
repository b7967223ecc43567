import type { SigningKey } from './token.js'

const shortest = 16

/**
 * Pieces of text that must never come back: a token, each of its parts, and any window of a part long enough to be no
 * accident. Claims that the caller is allowed to see again (a subject, a scope) are plain text and no piece of it.
 */
export function tokenSecrets(token: string): string[] {
  const pieces = [token, ...token.split('.')]
  return [...new Set(pieces.filter((piece) => piece.length >= shortest).map((piece) => piece.slice(0, 64)))]
}

/** Members of a key that must never come back either; the public half has no place in an answer just the same. */
export function keySecrets({ privateKey, publicKey }: Pick<SigningKey, 'privateKey' | 'publicKey'>): string[] {
  const jwk = privateKey.export({ format: 'jwk' })
  const members = [jwk.d, jwk.p, jwk.q, jwk.n, jwk.x, jwk.y].filter((member) => member !== undefined)
  const pem = [privateKey.export({ format: 'pem', type: 'pkcs8' }), publicKey.export({ format: 'pem', type: 'spki' })]
  const bodies = pem.flatMap((text) =>
    text
      .toString()
      .split('\n')
      .filter((line) => !line.startsWith('-')),
  )
  return [...members, ...bodies].filter((piece) => piece.length >= shortest)
}

/** The secrets that occur in a text: empty when nothing leaked. */
export function leaks(text: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) => text.includes(secret))
}
