import type { Context as Request } from 'koa'
import type Provider from 'oidc-provider'
import type { Account } from '../accounts/account.js'
import type { Context } from '../context.js'

/** How people prove themselves here: a password. */
export const passwordLogin = { acr: 'urn:behalf:acr:password', amr: ['pwd'] } as const

/** Someone who is signed in. */
export interface SignedIn {
  readonly account: Account
  readonly sessionId: string
  /** When, seconds since the epoch. */
  readonly signedInAt: number
}

/** The sign-in of a browser: the protocol engine's own session, so that one sign-in serves, and ends, everywhere. */
export interface Sessions {
  /** Who is signed in; undefined where no one is, the sign-in is too old, or the account was disabled. */
  read(ctx: Request): Promise<SignedIn | undefined>
  /** Signs someone in, under a new identifier. */
  start(ctx: Request, account: Account): Promise<void>
  /** Signs out, and ends every token that was issued in this session. */
  end(ctx: Request, signedIn: SignedIn): Promise<void>
}

/** The sign-ins of one server. */
export function createSessions(context: Context, engine: () => Provider): Sessions {
  const { settings, now, accounts, revocations } = context
  const cookie = { httpOnly: true, sameSite: 'lax', signed: true, path: '/', overwrite: true } as const

  async function read(ctx: Request): Promise<SignedIn | undefined> {
    const { accountId, loginTs, uid } = await engine().Session.get(ctx)
    if (accountId === undefined || loginTs === undefined || now() - loginTs >= settings.lifetimes.session)
      return undefined
    const account = await accounts.find(accountId)
    return account?.status === 'active' ? { account, sessionId: uid, signedInAt: loginTs } : undefined
  }

  async function start(ctx: Request, account: Account): Promise<void> {
    const provider = engine()
    const earlier = await provider.Session.get(ctx)
    const isSame = earlier.accountId === account.subject
    if (earlier.accountId !== undefined && !isSame) await earlier.destroy()
    const session = isSame ? earlier : new provider.Session()
    if (isSame) session.resetIdentifier()
    session.loginAccount({
      accountId: account.subject,
      acr: passwordLogin.acr,
      amr: [...passwordLogin.amr],
      loginTs: now(),
      transient: true,
    })
    await session.save(settings.lifetimes.session)
    ctx.cookies.secure = settings.issuer.startsWith('https:') // TLS may end in front of this process
    ctx.cookies.set(provider.cookieName('session'), session.jti, { ...cookie, secure: ctx.cookies.secure })
  }

  async function end(ctx: Request, { account, sessionId }: SignedIn): Promise<void> {
    const provider = engine()
    const session = await provider.Session.get(ctx)
    await revocations.withdraw({ kind: 'session', value: sessionId, reason: 'signed out', by: account.subject })
    await session.destroy()
    ctx.cookies.set(provider.cookieName('session'), null, cookie)
  }

  return { read, start, end }
}
