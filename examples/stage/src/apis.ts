export const apiNames = ['billing', 'users', 'orders', 'refunds'] as const
export type ApiName = (typeof apiNames)[number]

/** An API: where it is, and its name in tokens. */
export interface Api {
  readonly url: string
  readonly resource: string
}

export type Apis = Readonly<Record<ApiName, Api>>

export const frameworks: Readonly<Record<ApiName, string>> = {
  billing: 'Express',
  users: 'Fastify',
  orders: 'Koa',
  refunds: 'Hono',
}

/** What the API is called in `aud`. */
export function resourceOf(name: ApiName): string {
  return `https://${name}.example.com`
}
