import type { Signer, TokenSpec } from '../signer.js'
import { type App, type AppSettings, unprotected } from './app.js'

const bad: Readonly<Record<string, TokenSpec>> = {
  'of another issuer': { iss: 'http://127.0.0.1:1' },
  'for another audience': { aud: 'https://orders.example.com' },
  'that has expired': { lifetime: -60 },
  'without the scope': { scope: 'billing:write' },
}

/** Throws unless a guarded route answers a good token and turns away the rest, as every other guard under test does. */
export async function demandFairAnswers(
  app: App,
  port: number,
  signer: Signer,
  { issuer }: AppSettings,
): Promise<void> {
  const typ = app.traffic === 'untyped' ? 'JWT' : 'at+jwt'
  const status = async (spec: TokenSpec): Promise<number> => {
    const authorization = `Bearer ${signer.token({ iss: issuer, typ, ...spec })}`
    const response = await fetch(`http://127.0.0.1:${port}/invoices`, { headers: { authorization } })
    await response.arrayBuffer()
    return response.status
  }
  if ((await status({})) !== 200) throw new Error(`${app.name} refuses a good token`)
  if (app.name === unprotected) return
  for (const [kind, spec] of Object.entries(bad)) {
    const answered = await status(spec)
    if (answered < 400) throw new Error(`${app.name} answers ${answered} to a token ${kind}`)
  }
}
