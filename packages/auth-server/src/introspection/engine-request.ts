/** The client that the protocol engine authenticated in a request; undefined where there is none. */
export function readClient(ctx: object): string | undefined {
  const id = memberOf(memberOf(memberOf(ctx, 'oidc'), 'client'), 'clientId')
  return typeof id === 'string' ? id : undefined
}

/** The sign-in that the protocol engine ended in a request; undefined where it ended none. */
export function readEndedSession(
  ctx: object,
): { readonly uid: string; readonly subject: string | undefined } | undefined {
  const session = memberOf(memberOf(ctx, 'oidc'), 'session')
  const [uid, subject] = [memberOf(session, 'uid'), memberOf(session, 'accountId')]
  if (memberOf(session, 'destroyed') !== true || typeof uid !== 'string') return undefined
  return { uid, subject: typeof subject === 'string' ? subject : undefined }
}

/** The engine keeps what it knows of a request in a member that Koa's types do not have. */
function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
