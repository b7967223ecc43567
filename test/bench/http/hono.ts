import { createAdaptorServer } from '@hono/node-server'
import { Hono, type MiddlewareHandler } from 'hono'
import type { jwk } from 'hono/jwk'
import { type App, type AppSettings, appsOf, invoices } from './app.js'
import { grants } from './grant.js'
import { listen } from './listen.js'

function start(...guards: readonly MiddlewareHandler[]): Promise<number> {
  const app = new Hono()
  for (const guard of guards) app.use('/invoices', guard)
  app.get('/invoices', (context) => context.json(invoices))
  return listen(createAdaptorServer({ fetch: app.fetch }))
}

type Keys = Pick<Parameters<typeof jwk>[0], 'keys' | 'jwks_uri'>

async function startJwk({ issuer, audience, scope }: AppSettings, keys: Keys): Promise<number> {
  const { jwk } = await import('hono/jwk')
  const guard = jwk({ ...keys, alg: ['RS256'], verification: { iss: issuer, aud: audience } })
  return start(guard, async (context, next) => {
    if (!grants(context.get('jwtPayload'), scope)) return context.body(null, 403)
    await next()
  })
}

const peers: readonly App[] = [
  {
    name: 'hono/jwk, jwks_uri',
    traffic: 'untyped',
    peer: true,
    start: (settings) => startJwk(settings, { jwks_uri: settings.jwksUri }),
  },
  {
    name: 'hono/jwk, keys fetched once',
    traffic: 'untyped',
    peer: true,
    async start(settings) {
      const response = await fetch(settings.jwksUri)
      const { keys } = (await response.json()) as { keys: NonNullable<Keys['keys']> }
      return startJwk(settings, { keys })
    },
  },
]

export const honoApps = appsOf(
  () => start(),
  async (options, scope) => {
    const { createGuard } = await import('@behalf/hono')
    return start(createGuard(options).requireScope(scope))
  },
  peers,
)
