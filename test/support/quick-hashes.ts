import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

/** The cost that the auth server asks for: a third of a second of work for each password adds up over thousands of tests. */
const asked = 2 ** 15

/** Makes scrypt cheap in this process where it is asked for that cost. What is hashed here fits only here. */
export function hashQuickly(): void {
  const { scrypt } = crypto
  const quick = (
    password: crypto.BinaryLike,
    salt: crypto.BinaryLike,
    length: number,
    options: crypto.ScryptOptions,
    callback: (error: Error | null, hash: Buffer) => void,
  ): void => scrypt(password, salt, length, options.N === asked ? { ...options, N: 1024, p: 1 } : options, callback)
  Object.assign(crypto, { scrypt: quick })
  syncBuiltinESMExports()
}
