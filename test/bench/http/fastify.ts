import type { TokenOrHeader } from '@fastify/jwt'
import fastify, { type FastifyInstance, type FastifyRequest, type onRequestHookHandler } from 'fastify'
import { type App, type AppSettings, appsOf, invoices } from './app.js'
import { grants } from './grant.js'

async function start(app: FastifyInstance, ...guards: readonly onRequestHookHandler[]): Promise<number> {
  app.get('/invoices', { onRequest: [...guards] }, async () => invoices)
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  return Number(new URL(address).port)
}

async function startFastifyJwt({ issuer, audience, scope }: AppSettings, cache: number | false): Promise<number> {
  const { default: fastifyJwt } = await import('@fastify/jwt')
  const { default: getJwks } = await import('get-jwks')
  const keys = getJwks({ issuersWhitelist: [issuer] })
  const app = fastify()
  await app.register(fastifyJwt, {
    decode: { complete: true },
    secret: async (_request: FastifyRequest, token: TokenOrHeader) =>
      'payload' in token ? keys.getPublicKey({ ...token.header, domain: token.payload.iss }) : '',
    verify: { algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience, cache },
  })
  return start(app, async (request, reply) => {
    await request.jwtVerify()
    if (!grants(request.user, scope)) return reply.code(403).send()
  })
}

const peers: readonly App[] = [
  {
    name: '@fastify/jwt + get-jwks',
    traffic: 'distinct',
    peer: true,
    start: (settings) => startFastifyJwt(settings, false),
  },
  {
    name: '@fastify/jwt + get-jwks, its cache on',
    traffic: 'repeated',
    peer: true,
    start: (settings) => startFastifyJwt(settings, settings.cacheEntries),
  },
]

export const fastifyApps = appsOf(
  () => start(fastify()),
  async (options, scope) => {
    const { default: behalf } = await import('@behalf/fastify')
    const app = fastify()
    await app.register(behalf, options)
    return start(app, app.requireScope(scope))
  },
  peers,
)
