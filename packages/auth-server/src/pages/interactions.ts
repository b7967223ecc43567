import Router from '@koa/router'
import type { Middleware, Context as Request } from 'koa'
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Context } from '../context.js'
import { paths } from '../provider/paths.js'
import { allowConsent, denyConsent, readConsentRequest, sendConsent } from './code-consent.js'
import type { Forms } from './form.js'
import { sendNotice } from './page.js'
import type { PasswordAttempts } from './password-attempts.js'
import { middlewareOf } from './router-middleware.js'
import { passwordLogin } from './session.js'
import { sendSignIn } from './sign-in-form.js'

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

interface Parts {
  readonly forms: Forms
  readonly attempt: PasswordAttempts
}

/** What people do in the middle of an authorization request: sign in, and allow it or not. */
export function createInteractions(context: Context, engine: () => Provider, { forms, attempt }: Parts): Middleware {
  const router = new Router({ prefix: paths.interaction })

  router.get('/:uid', async (ctx) => {
    const interaction = await open(ctx, ctx.params.uid ?? '')
    if (interaction === undefined) return
    if (interaction.prompt.name === 'login') await showSignIn(ctx, interaction)
    else await showConsent(ctx, interaction)
  })

  router.post('/:uid/sign-in', async (ctx) => {
    const interaction = await open(ctx, ctx.params.uid ?? '', 'login')
    const fields = interaction && (await forms.read(ctx))
    if (interaction === undefined || fields === undefined) return
    const username = fields.get('username') ?? ''
    await attempt(username, fields.get('password') ?? '', async (result) => {
      if (result.outcome !== 'signed_in') return showSignIn(ctx, interaction, { username, attempt: result })
      const { subject } = result.account
      const still = await open(ctx, ctx.params.uid ?? '', 'login')
      if (still === undefined) return
      if (still.session !== undefined && still.session.accountId !== subject) {
        return showSignIn(ctx, still, { username, attempt: { outcome: 'other_account' } })
      }
      forms.renew(ctx)
      const { acr, amr } = passwordLogin
      const login = { accountId: subject, ts: context.now(), remember: false, acr, amr: [...amr] }
      await finish(ctx, { login }, false)
    })
  })

  router.post('/:uid/consent', async (ctx) => {
    const interaction = await open(ctx, ctx.params.uid ?? '', 'consent')
    const fields = interaction && (await forms.read(ctx))
    if (interaction === undefined || fields === undefined) return
    const request = await readConsentRequest(context, interaction)
    if ('error' in request) return finish(ctx, { ...request }, false)
    const result =
      fields.get('decision') === 'allow'
        ? await allowConsent(context, engine(), interaction, request)
        : await denyConsent(context, request)
    await finish(ctx, result, !('error' in result))
  })

  /** The interaction of this browser; undefined where there is none such, and then it is answered. */
  async function open(ctx: Request, uid: string, prompt?: 'login' | 'consent'): Promise<Interaction | undefined> {
    try {
      const interaction = await engine().interactionDetails(ctx.req, ctx.res)
      const { name } = interaction.prompt
      const isOne = prompt === undefined ? name === 'login' || name === 'consent' : name === prompt
      if (interaction.uid === uid && isOne) return interaction
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error
    }
    const text = 'It was answered already, or it took too long. Go back to the application and start again.'
    sendNotice(ctx, 400, 'This request is no longer open', text)
    return undefined
  }

  async function showSignIn(
    ctx: Request,
    interaction: Interaction,
    earlier: Pick<Parameters<typeof sendSignIn>[1], 'username' | 'attempt'> = {},
  ): Promise<void> {
    const client = await context.clients.find(String(interaction.params.client_id))
    sendSignIn(ctx, {
      action: `${paths.interaction}/${interaction.uid}/sign-in`,
      hidden: forms.token(ctx),
      purpose: `Sign in to go on to ${client?.name ?? 'the application'}.`,
      formTargets: targetsOf(client?.metadata.redirect_uris),
      ...earlier,
    })
  }

  async function showConsent(ctx: Request, interaction: Interaction): Promise<void> {
    const request = await readConsentRequest(context, interaction)
    if ('error' in request) return finish(ctx, { ...request }, false)
    sendConsent(ctx, request, {
      action: `${paths.interaction}/${interaction.uid}/consent`,
      hidden: forms.token(ctx),
      formTargets: targetsOf(request.client.metadata.redirect_uris),
    })
  }

  async function finish(
    ctx: Request,
    result: Record<string, unknown>,
    mergeWithLastSubmission: boolean,
  ): Promise<void> {
    const onward = await engine().interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission })
    ctx.status = 303
    ctx.redirect(onward)
    ctx.set('Cache-Control', 'no-store')
  }

  return middlewareOf(router)
}

/** Browsers hold a form's answer to its policy too: where an application is told is where the form leads in the end. */
function targetsOf(redirectUris: readonly string[] = []): readonly string[] {
  const sources = redirectUris.map((uri) => {
    const { protocol, origin } = new URL(uri)
    return protocol === 'http:' || protocol === 'https:' ? origin : protocol
  })
  return [...new Set(sources)]
}
