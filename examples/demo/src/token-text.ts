import { base64url, decodeJwt, decodeProtectedHeader } from 'jose'

/** The token with other claims and the signature it had. */
export function changed(token: string, claims: object): string {
  const [header, , signature] = token.split('.')
  return `${header}.${encode({ ...decodeJwt(token), ...claims })}.${signature}`
}

/** The token without a signature, as it says itself. */
export function unsigned(token: string): string {
  return `${encode({ ...decodeProtectedHeader(token), alg: 'none' })}.${token.split('.')[1]}.`
}

function encode(part: object): string {
  return base64url.encode(JSON.stringify(part))
}
