/** The look at the scope claim that a team writes itself where its library has none. */
export function grants(claims: unknown, scope: string): boolean {
  if (typeof claims !== 'object' || claims === null || !('scope' in claims)) return false
  return typeof claims.scope === 'string' && claims.scope.split(' ').includes(scope)
}
