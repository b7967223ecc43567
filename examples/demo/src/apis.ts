export const apis = ['billing', 'users', 'orders', 'refunds'] as const
export type Api = (typeof apis)[number]

export const frameworks: Readonly<Record<Api, string>> = {
  billing: 'Express',
  users: 'Fastify',
  orders: 'Koa',
  refunds: 'Hono',
}

/** What the API is called in `aud`. */
export function audienceOf(api: Api): string {
  return `https://${api}.example.com`
}
