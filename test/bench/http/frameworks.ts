import type { App } from './app.js'

/** Loaded on demand: a server under test imports its own framework and no other. */
export const frameworks: Readonly<Record<string, () => Promise<readonly App[]>>> = {
  Express: async () => (await import('./express.js')).expressApps,
  Fastify: async () => (await import('./fastify.js')).fastifyApps,
  Koa: async () => (await import('./koa.js')).koaApps,
  Hono: async () => (await import('./hono.js')).honoApps,
}
