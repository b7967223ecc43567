import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

const { BILLING_API_KEY = '' } = process.env

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether a request has the key. Where none is set, nobody has it. */
function hasKey({ headers }: IncomingMessage): boolean {
  return BILLING_API_KEY !== '' && timingSafeEqual(digest(String(headers['x-api-key'])), digest(BILLING_API_KEY))
}

export function requireKey(req: IncomingMessage, res: ServerResponse, next: () => void): void {
  if (hasKey(req)) next()
  else res.writeHead(401).end()
}
