import { z } from 'zod'

const longest = 2_000

/** A reversed domain name, as RFC 8252 section 7.1 wants it: `com.example.app:/callback`. */
const privateScheme = /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:$/u

/**
 * Where people are sent back to, compared character by character (RFC 9700 section 4.1.3): https, http on a loopback address,
 * or a scheme of an app's own; without fragment, wildcard or credentials.
 */
export const redirectUri: z.ZodType<string> = z
  .string()
  .max(longest)
  .refine(
    isRedirectUri,
    'must be an https URL, http on a loopback address or a private-use scheme, with no fragment or *',
  )

function isRedirectUri(text: string): boolean {
  if (!/^[\x21-\x7e]+$/u.test(text) || /[\\*#]/u.test(text) || !URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return false
  if (protocol === 'https:') return text.startsWith('https://') && hostname !== ''
  if (protocol === 'http:') return text.startsWith('http://') && isLoopback(hostname)
  return privateScheme.test(protocol)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname === '127.0.0.1'
}
