import Koa from 'koa'
import supertest from 'supertest'
import { expect, it } from 'vitest'
import { createForms } from '../../../packages/auth-server/dist/pages/form.js'
import { html } from '../../../packages/auth-server/dist/pages/html.js'

it.each([
  ['https://auth.example.com', /^__Host-behalf-form=[\w-]{43}; path=\/; samesite=strict; secure; httponly$/iu],
  ['http://127.0.0.1:3000', /^behalf-form=[\w-]{43}; path=\/; samesite=strict; httponly$/iu],
])(
  'the cookie of the forms of %s is as strict as it can be, also where TLS ends in front',
  async (issuer, expected) => {
    const app = new Koa()
    app.keys = ['a secret of this test']
    const forms = createForms({ issuer })
    app.use((ctx) => {
      ctx.body = forms.token(ctx).markup
    })
    const { headers, text } = await supertest(app.callback()).get('/')
    const [cookie = '', signature = ''] = [headers['set-cookie'] ?? []].flat()
    expect(cookie).toMatch(expected)
    expect(signature.startsWith(cookie.slice(0, cookie.indexOf('=')))).toBe(true)
    expect(text).toContain(`value="${cookie.slice(cookie.indexOf('=') + 1, cookie.indexOf(';'))}"`)
  },
)

it('text in a page is escaped, wherever it stands', () => {
  const text = `<b title='x' id="y">&amp;</b>`
  const escaped = '&lt;b title=&#39;x&#39; id=&quot;y&quot;&gt;&amp;amp;&lt;/b&gt;'
  expect(html`<p title="${text}">${text}${[text, html`<br>`]}${undefined}${false}${0}</p>`.markup).toBe(
    `<p title="${escaped}">${escaped}${escaped}<br>0</p>`,
  )
})
