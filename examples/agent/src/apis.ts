/** An API: where it is, and its name in tokens. */
export interface Api {
  readonly url: string
  readonly resource: string
}

export const names = ['billing', 'users', 'orders', 'refunds'] as const
export type ApiName = (typeof names)[number]
export type Apis = Readonly<Record<ApiName, Api>>

/** What an API is called in `aud`. */
export function resourceOf(name: ApiName): string {
  return `https://${name}.example.com`
}

/** What the model reads of an answer. */
export function read(response: Response): Promise<string> {
  return response.text()
}

/** A request that carries a key, where one is needed. */
export function get(key: string): { headers: Record<string, string> } {
  return { headers: { 'x-api-key': key } }
}

/** A request with a body, and with a key, where one is needed. */
export function post(body: object, key?: string): { method: 'POST'; headers: Record<string, string>; body: string } {
  const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) }
  return { method: 'POST', headers, body: JSON.stringify(body) }
}
