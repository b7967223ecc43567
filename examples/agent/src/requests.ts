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
