import { createHash } from 'node:crypto'

/** What stands for a text in the chain: `sha256:` and 43 characters of base64url. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('base64url')}`
}
