import { createGuard } from '@behalf/hono'
import { Hono } from 'hono'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const issuer = 'https://auth.example.com'
const audience = 'https://orders.example.com'
const algorithms = ['ES256', 'RS256', 'EdDSA']

/** What every JavaScript runtime must do alike: good tokens pass, bad ones get their code. Returns how many it tried. */
export async function smoke(): Promise<number> {
  let count = 0
  for (const algorithm of algorithms) {
    const api = await createApi(algorithm)
    const good = await api.token()
    const signature = good.lastIndexOf('.') + 1
    const forged = `${good.slice(0, signature)}${(await api.token()).slice(signature)}`

    await api.expect(good, 200, 'user_1 through agent:support')
    await api.expect(good, 200, 'user_1 through agent:support')
    await api.expect(forged, 401, 'signature_invalid')
    await api.expect(await api.token({ aud: 'https://billing.example.com' }), 401, 'audience_mismatch')
    await api.expect(await api.token({ exp: 1 }), 401, 'token_expired')
    await api.expect(await api.token({ scope: 'orders:write' }), 403, 'scope_insufficient')
    await api.expect(undefined, 401, 'token_missing')
    count += api.tried()
  }
  return count
}

async function createApi(algorithm: string) {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: algorithm, use: 'sig' }] }
  const { requireScope } = createGuard({ issuer: { issuer, jwks }, audience })
  const app = new Hono()
  app.get('/orders', requireScope('orders:read'), (c) => {
    const { subject, actor } = c.var.auth
    return c.json({ code: `${subject} through ${actor?.subject}` })
  })
  let tried = 0

  return {
    token(claims: Record<string, unknown> = {}) {
      const now = Math.floor(Date.now() / 1000)
      return new SignJWT({
        iss: issuer,
        sub: 'user_1',
        aud: audience,
        client_id: 'agent-support',
        iat: now,
        exp: now + 60,
        jti: crypto.randomUUID(),
        scope: 'orders:read',
        act: { sub: 'agent:support', iss: issuer },
        ...claims,
      })
        .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: 'k1' })
        .sign(privateKey)
    },
    async expect(token: string | undefined, status: number, code: string) {
      tried += 1
      const headers = new Headers(token === undefined ? undefined : { authorization: `Bearer ${token}` })
      const response = await app.request(`${audience}/orders`, { headers })
      const body: unknown = await response.json()
      const got = `${response.status} ${(body as { readonly code?: string }).code}`
      if (got !== `${status} ${code}`) throw new Error(`${algorithm}: wanted ${status} ${code}, got ${got}`)
    },
    tried: () => tried,
  }
}
