import { createResourceServer, type ResourceServer } from '@behalf/core'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, frameworks } from '../../interop/apps.js'
import type { Person } from '../support/browserless.js'
import type { Library, LibraryOptions, Tokens } from './library.js'
import { createOauth4webapi } from './oauth4webapi.js'
import { createOpenidClient } from './openid-client.js'
import { billing, callback, type InteropScene, openInterop, subject } from './scene.js'

const libraries: Readonly<Record<string, (options: LibraryOptions) => Promise<Library>>> = {
  'openid-client': createOpenidClient,
  oauth4webapi: createOauth4webapi,
}
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const asked = { scope: 'openid offline_access billing:read', prompt: 'consent' }

let scene: InteropScene
let resourceServer: ResourceServer
let person: Person
const apps = new Map<string, App>()
beforeAll(async () => {
  scene = await openInterop()
  person = scene.person()
  resourceServer = createResourceServer({ issuer: scene.issuer, audience: billing })
  for (const [name, start] of Object.entries(frameworks)) apps.set(name, await start(resourceServer))
})
afterAll(async () => {
  for (const app of apps.values()) await app.close()
  await resourceServer.close()
  await scene.server.close()
})

/** What a library was refused, in the names of OAuth; what it refused itself, by its code. */
const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no refusal',
    (thrown: unknown) => {
      // both libraries throw errors with these members
      const { error, code } = thrown as { readonly error?: string; readonly code?: string }
      return error ?? code
    },
  )

for (const [name, create] of Object.entries(libraries)) {
  for (const method of ['client_secret_basic', 'private_key_jwt'] as const) {
    describe.each([false, true])(`${name}, ${method}, bound to a key: %s`, (dpop) => {
      let application: Library
      let agent: Library
      const kind = dpop ? 'dpop' : 'bearer'
      beforeAll(async () => {
        const options = { issuer: scene.issuer, callback, dpop }
        application = await create({ ...options, client: scene.clients[method].application })
        agent = await create({ ...options, client: scene.clients[method].agent })
      })

      const signIn = async (how: 'pushed' | 'in the URL' = 'in the URL', at = application): Promise<Tokens> => {
        const begun = await at.begin(at === agent ? { scope: asked.scope.replace('offline_access ', '') } : asked, how)
        const { answer } = await person.authorize(begun.url)
        return begun.finish(answer)
      }
      const exchange = async (subjectToken: string, scope = 'billing:read'): Promise<Tokens> =>
        agent.exchange({ subject_token: subjectToken, subject_token_type: accessToken, resource: billing, scope })
      const direct = (scope = 'billing:read'): Promise<Tokens> => agent.direct({ resource: billing, scope })

      test.each(['pushed', 'in the URL'] as const)('signs a person in, the request %s', async (how) => {
        const tokens = await signIn(how)
        expect(tokens).toMatchObject({ token_type: kind, expires_in: 600, id_token: expect.any(String) })
        expect(decodeJwt(tokens.access_token)).toMatchObject({
          iss: scene.issuer,
          sub: subject,
          aud: scene.issuer,
          scope: 'billing:read',
          amr: ['pwd'],
          auth_time: expect.any(Number),
        })
      })

      test('takes no answer of another issuer, or of none (RFC 9207)', async () => {
        const begun = await application.begin(asked, 'in the URL')
        const { answer } = await person.authorize(begun.url)
        expect(answer.searchParams.get('iss')).toBe(scene.issuer)
        const other = new URL(answer)
        other.searchParams.set('iss', 'https://evil.example')
        expect(await refusal(begun.finish(other))).toMatch(/^OAUTH_/)
        other.searchParams.delete('iss')
        expect(await refusal(begun.finish(other))).toMatch(/^OAUTH_/)
        expect((await begun.finish(answer)).token_type).toBe(kind)
      })

      test('rotates refresh tokens; one that is used again ends all of them', async () => {
        const first = await signIn()
        const second = await application.refresh(String(first.refresh_token))
        expect(second.refresh_token).not.toBe(first.refresh_token)
        expect((await exchange(second.access_token)).scope).toBe('billing:read')
        const third = await application.refresh(String(second.refresh_token))
        expect(await refusal(application.refresh(String(first.refresh_token)))).toBe('invalid_grant')
        expect(await refusal(application.refresh(String(third.refresh_token)))).toBe('invalid_grant')
        expect((await application.refresh(String((await signIn()).refresh_token))).token_type).toBe(kind)
      })

      test('gets no more by refreshing', async () => {
        const { refresh_token } = await signIn()
        expect(await refusal(application.refresh(String(refresh_token), { scope: 'billing:read billing:pay' }))).toBe(
          'invalid_scope',
        )
        expect((await application.refresh(String((await signIn()).refresh_token))).scope).toContain('billing:read')
      })

      test('gets the agent its own token, and no more than it may have', async () => {
        const tokens = await direct()
        expect(tokens).toMatchObject({ token_type: kind, expires_in: 300, scope: 'billing:read' })
        expect(tokens.refresh_token).toBeUndefined()
        expect(await refusal(direct('billing:pay'))).toBe('invalid_scope')
      })

      test('exchanges the token of a person, and gets no more than the agent may have', async () => {
        const { access_token } = await signIn()
        const tokens = await exchange(access_token)
        expect(tokens).toMatchObject({ token_type: kind, expires_in: 60, scope: 'billing:read' })
        expect(tokens.refresh_token).toBeUndefined()
        expect(await refusal(exchange(access_token, 'billing:pay'))).toBe('invalid_scope')
        const own = await signIn('pushed', agent)
        expect(own.refresh_token).toBeUndefined()
        expect((await exchange(own.access_token)).token_type).toBe(kind)
      })

      test('asks a person who is elsewhere (CIBA, poll)', async () => {
        const request = { scope: 'openid billing:read', login_hint: subject, binding_message: 'Bill 7' }
        const tokens = await agent.backchannel(request, async () => {
          expect(await person.approveAll()).toBe(1)
        })
        expect(tokens.token_type).toBe(kind)
        expect(decodeJwt(tokens.access_token)).toMatchObject({ sub: subject, scope: 'billing:read' })
        expect(await refusal(agent.backchannel({ ...request, scope: 'openid billing:pay' }, async () => {}))).toBe(
          'invalid_scope',
        )
      })

      test('revokes a token, and what was made of it', async () => {
        const { access_token } = await signIn()
        const child = (await exchange(access_token)).access_token
        const api = await create({ issuer: scene.issuer, client: scene.api, callback, dpop: false })
        expect(await api.introspect(child)).toMatchObject({ active: true, sub: subject })
        await application.revoke(access_token)
        expect(await api.introspect(child)).toEqual({ active: false })
        expect(await refusal(exchange(access_token))).toBe('invalid_request')
      })

      test.each(Object.keys(frameworks))('gets tokens that an API on %s accepts', async (framework) => {
        const { origin } = apps.get(framework) ?? { origin: '' }
        const call = async (token: string, path: string): Promise<readonly unknown[]> => {
          const response = await agent
            .call(token, new URL(path, billing), origin)
            // what both libraries throw for a challenge has the response
            .catch((thrown: unknown) => (thrown as { readonly response: Response }).response)
          return [response.status, await response.json()]
        }
        const presented = (await signIn()).access_token
        const delegated = (await exchange(presented)).access_token
        const own = (await direct()).access_token
        const client = scene.clients[method].agent.id
        const scopes = ['billing:read']
        expect(await call(delegated, '/invoices')).toEqual([
          200,
          { subject, actor: 'agent:support', mode: 'delegated', scopes, client },
        ])
        expect(await call(delegated, `/customers/${subject}/refunds`)).toMatchObject([200, { subject }])
        expect(await call(delegated, '/customers/user_b/refunds')).toMatchObject([403, { code: 'subject_mismatch' }])
        expect(await call(own, '/invoices')).toEqual([200, { subject: client, mode: 'direct', scopes, client }])
        expect(await call(own, `/customers/${subject}/refunds`)).toMatchObject([403, { code: 'actor_unauthorized' }])
        expect(await call(presented, '/invoices')).toMatchObject([401, { code: 'audience_mismatch' }])
      })
    })
  }

  describe(`${name} of an API`, () => {
    test.each([false, true])(
      'learns what a token is, in a signed answer (RFC 9701): %s',
      async (signedIntrospection) => {
        const options = { issuer: scene.issuer, callback, dpop: false }
        const agent = await create({ ...options, client: scene.clients.client_secret_basic.agent })
        const { access_token } = await agent.direct({ resource: billing, scope: 'billing:read' })
        const api = await create({ ...options, client: scene.api, signedIntrospection })
        expect(await api.introspect(access_token)).toMatchObject({
          active: true,
          client_id: 'agent-secret',
          scope: 'billing:read',
          aud: billing,
        })
        expect(await api.introspect('a text that is no token')).toEqual({ active: false })
      },
    )
  })
}
