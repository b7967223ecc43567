/** A member of what may be an object. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(name)
    : undefined
}

/** A text in there; empty where there is none. */
export function textOf(value: unknown, ...path: readonly string[]): string {
  const found = path.reduce(memberOf, value)
  return typeof found === 'string' ? found : ''
}
