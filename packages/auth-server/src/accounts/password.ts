import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { base64url } from 'jose'

/** Cost of a new hash (RFC 7914): 32 MiB and three passes, as OWASP advises. */
const cost = { ln: 15, r: 8, p: 3 }
const saltLength = 16
const hashLength = 32

/** What one hash was made with: it is written beside it, so that the cost can grow. */
interface Parameters {
  readonly ln: number
  readonly r: number
  readonly p: number
  readonly salt: Uint8Array
}

/** A hash of a password: `$scrypt$ln=15,r=8,p=3$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltLength)
  const hash = await derive(password, { ...cost, salt })
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${base64url.encode(salt)}$${base64url.encode(hash)}`
}

/** Whether a password is the one behind a hash; constant time. */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [, kind, numbers = '', salt = '', hash = ''] = stored.split('$')
  const [, ln, r, p] = /^ln=(\d+),r=(\d+),p=(\d+)$/u.exec(numbers) ?? []
  if (kind !== 'scrypt' || p === undefined) throw new Error('a password hash is of an unknown kind')
  const derived = await derive(password, { ln: Number(ln), r: Number(r), p: Number(p), salt: base64url.decode(salt) })
  const expected = base64url.decode(hash)
  return expected.length === derived.length && timingSafeEqual(expected, derived)
}

/** Whether a hash was made at less than the cost of today. */
export function isOutdated(stored: string): boolean {
  return !stored.startsWith(`$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$`)
}

/** A hash that no password fits: what an unknown username is compared with, so that it takes the same time. */
export const nobody = `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${base64url.encode(randomBytes(saltLength))}$${base64url.encode(randomBytes(hashLength))}`

function derive(password: string, { ln, r, p, salt }: Parameters): Promise<Uint8Array> {
  const N = 2 ** ln
  return new Promise((resolve, reject) => {
    // the same password typed on two keyboards is the same bytes (RFC 8265)
    scrypt(password.normalize('NFC'), salt, hashLength, { N, r, p, maxmem: 256 * N * r }, (error, hash) => {
      if (error === null) resolve(hash)
      else reject(error)
    })
  })
}
