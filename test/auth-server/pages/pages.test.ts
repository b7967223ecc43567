import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeWith } from '../../support/services.js'
import { findFaults } from './accessibility.js'
import { billing, hasChromium, openBrowser, openPagesScene, type PagesScene, signIn } from './scene.js'

const phone = { width: 360, height: 740 }

describeWith('Chromium at /usr/bin/chromium', hasChromium, 'pages in a browser', () => {
  let scene: PagesScene
  let browser: Browser
  let context: BrowserContext
  let page: Page
  const pageFaults: string[] = []
  beforeAll(async () => {
    scene = await openPagesScene()
    browser = await openBrowser()
  })
  beforeEach(async () => {
    context = await browser.newContext({ viewport: phone })
    page = await context.newPage()
    // what the policy of a page stops, a fault of its markup
    page.on('console', (message) => message.type() === 'error' && pageFaults.push(message.text()))
    page.on('pageerror', (error) => pageFaults.push(error.message))
  })
  afterEach(async () => {
    await context.close()
    await scene.empty()
    pageFaults.length = 0
  })
  afterAll(async () => {
    await browser?.close()
    await scene?.close()
  })

  const heading = () => page.getByRole('heading', { level: 1 }).textContent()
  const text = (where = 'main') => page.locator(where).textContent()
  const choose = (name: string) => page.getByRole('button', { name }).click()

  /** Signs in and allows, as far as a person's own token. */
  async function allow(scope: string): Promise<string> {
    const begun = await scene.begin({ scope })
    await page.goto(begun.url)
    await signIn(page, 'ada')
    await choose('Allow')
    await page.waitForURL(`${scene.callback}**`)
    return (await begun.finish(page.url())).access_token
  }

  it('name agent, permissions, APIs and time, and give the answer to the application', async () => {
    const begun = await scene.begin({ scope: 'openid billing:read billing:pay orders:change' })
    await page.goto(begun.url)
    expect(await heading()).toBe('Sign in')
    await signIn(page, 'ada')
    expect(await heading()).toBe('Support agent asks to act for you')
    const shown = await text()
    for (const words of [
      ...[
        'Ada Lovelace',
        'agent:support',
        'Customer care',
        'through Support desk',
        'At Billing',
        billing,
        'Read your bills',
      ],
      ...[
        'Pay a bill',
        'High risk.',
        'You are asked each time it is used.',
        'You are asked for each task.',
        'For 30 days.',
      ],
      'Change <b>orders</b>',
    ]) {
      expect(shown).toContain(words)
    }
    await choose('Allow')
    await page.waitForURL(`${scene.callback}**`)
    expect(await begun.finish(page.url())).toMatchObject({ scope: 'billing:read billing:pay orders:change' })
    const kept = await scene.server.context.consents.list({ subject: 'user_a', limit: 10 })
    expect(kept).toMatchObject([
      { agentId: 'agent:support', permission: 'billing:read', mode: 'once', resource: billing },
    ])
    expect(pageFaults).toEqual([])
  })

  it('tell the application when the person denies, and keep nothing', async () => {
    const begun = await scene.begin({ scope: 'openid billing:read' })
    await page.goto(begun.url)
    await signIn(page, 'ada')
    await choose('Deny')
    await page.waitForURL(`${scene.callback}**`)
    const { searchParams } = new URL(page.url())
    expect(Object.fromEntries(searchParams)).toMatchObject({ error: 'access_denied', iss: scene.server.issuer })
    expect(searchParams.has('code')).toBe(false)
    expect(await scene.server.context.consents.list({ limit: 10 })).toEqual([])
    const { events } = await scene.server.context.audit.search({ type: 'consent.denied' }, { limit: 10 })
    expect(events).toHaveLength(1)
  })

  it.each([
    ['what the person may not do', 'bob', 'billing:pay'],
    ['what the agent may never do', 'ada', 'billing:never'],
  ])('do not ask for %s', async (_, username, permission) => {
    const begun = await scene.begin({ scope: `openid ${permission}` })
    await page.goto(begun.url)
    await signIn(page, username)
    await page.waitForURL(`${scene.callback}**`)
    expect(new URL(page.url()).searchParams.get('error')).toBe('invalid_scope')
  })

  it('let a person try a wrong password again', async () => {
    const begun = await scene.begin({ scope: 'openid billing:read' })
    await page.goto(begun.url)
    await signIn(page, 'ada', 'wrong password')
    expect(await page.getByRole('alert').textContent()).toContain('do not fit')
    expect(await page.getByLabel('Username').inputValue()).toBe('ada')
    expect(await page.getByLabel('Password').inputValue()).toBe('')
    await page.getByLabel('Password').fill('x')
    await signIn(page, 'ada')
    expect(await heading()).toBe('Support agent asks to act for you')
  })

  it('name an application that is no agent, and for how long it stays', async () => {
    const begun = await scene.begin({
      client: 'shop',
      scope: 'openid offline_access billing:read',
      parameters: { prompt: 'consent' },
    })
    await page.goto(begun.url)
    await signIn(page, 'bob')
    expect(await heading()).toBe('The "Shop" & more asks for access')
    expect(await text()).toContain('up to 1 day at a time')
    await choose('Allow')
    await page.waitForURL(`${scene.callback}**`)
    expect((await begun.finish(page.url())).refresh_token).toBeTypeOf('string')
    expect(await scene.server.context.consents.list({ limit: 10 })).toEqual([])
  })

  it('need no mouse', async () => {
    const begun = await scene.begin({ scope: 'openid billing:read' })
    await page.goto(begun.url)
    await expect.poll(() => page.evaluate("document.activeElement.getAttribute('name')")).toBe('username')
    await page.keyboard.type('ada')
    await page.keyboard.press('Tab')
    await page.keyboard.type('correct horse battery')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Allow' }).waitFor()
    for (let press = 0; press < 20 && (await focused(page)) !== 'Allow'; press += 1) await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Allow')
    expect(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`)).toBe('solid')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${scene.callback}**`)
    expect(await begun.finish(page.url())).toHaveProperty('access_token')
  })

  it('withdraw a consent, and the agent gets nothing more', async () => {
    const token = await allow('openid billing:read')
    expect(await scene.exchange(token, 'billing:read')).toMatchObject({ scope: 'billing:read' })
    await page.goto(`${scene.server.issuer}/consents`)
    expect(await text('main li')).toContain('Support agent: Read your bills')
    await choose('Withdraw: Support agent, Read your bills')
    expect(await text()).toContain('There is none.')
    expect(await scene.exchange(token, 'billing:read')).toMatchObject({
      error: expect.stringMatching(/consent_required|invalid_grant/u),
    })
  })

  it('let a person approve one use in the inbox', async () => {
    const token = await allow('openid billing:pay')
    const refused = await scene.exchange(token, 'billing:pay')
    expect(refused).toMatchObject({ error: 'consent_required', consent_uri: expect.stringContaining('/approvals') })
    await page.goto(String(refused.consent_uri))
    await page.getByRole('link', { name: 'Support agent asks to act for you' }).click()
    expect(await text()).toContain('Pay a bill')
    await choose('Approve')
    expect(await text()).toContain('Approved')
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
    expect(await scene.exchange(token, 'billing:pay')).toMatchObject({ scope: 'billing:pay' })
    expect(await scene.exchange(token, 'billing:pay')).toMatchObject({ error: 'consent_required' })
  })

  it('show approvers, and no one else, what waits for them', async () => {
    const { grants, approvals } = scene.server.context
    const asked = {
      agentId: 'agent:support',
      subject: null,
      resource: billing,
      scope: ['billing:pay'],
      transaction: null,
    }
    const { id } = await grants.request({
      ...asked,
      justification: '<script>alert(1)</script> it is urgent',
      duration: 900,
      maxUses: 2,
    })
    const { resource, scope } = asked
    const item = await approvals.ask({
      kind: 'grant',
      agentId: asked.agentId,
      subject: null,
      request: { resource, scope, grantId: id },
    })
    const address = `${scene.server.issuer}/approvals/${item.id}`

    await page.goto(address)
    await signIn(page, 'ada')
    expect(await heading()).toBe('There is no such request')
    await page.getByRole('link', { name: 'Back to approvals' }).click()
    expect(await text()).toContain('Nothing waits for you.')
    await choose('Sign out')
    expect(await heading()).toBe('You are signed out')

    await page.goto(address)
    await signIn(page, 'xena')
    expect(page.url()).toBe(address)
    const shown = await text()
    for (const words of [
      '<script>alert(1)</script> it is urgent',
      '15 minutes from approval',
      '2 times at the most',
      'the agent itself',
    ]) {
      expect(shown).toContain(words)
    }
    await choose('Approve')
    expect(await grants.find(id)).toMatchObject({ status: 'approved', decidedBy: 'user_x' })
    expect(pageFaults.filter((fault) => !fault.includes('404'))).toEqual([])
  })

  it('ask for a new sign-in when the last is too old', async () => {
    await page.goto(`${scene.server.issuer}/approvals`)
    await signIn(page, 'ada')
    expect(await heading()).toBe('Approvals')
    scene.clock.offset = 28_801
    await page.reload()
    expect(await heading()).toBe('Sign in')
    const { url } = await scene.begin({ scope: 'openid billing:read' })
    await page.goto(url)
    expect(await heading()).toBe('Sign in')
    await signIn(page, 'ada')
    expect(await heading()).toBe('Support agent asks to act for you')
    scene.clock.offset = 0
  })

  it('fit a phone, have one heading, and a name for everything one can use', async () => {
    await scene.server.context.approvals.ask({
      ...{ kind: 'consent', agentId: 'agent:support', subject: 'user_a' },
      request: {
        resource: billing,
        scope: ['billing:pay'],
        transaction: `task_${'0'.repeat(200)}`,
        justification: 'W'.repeat(300),
        details: [{ type: 'record', identifier: 'i'.repeat(150), actions: ['read', 'list'] }],
      },
    })
    const begun = await scene.begin({ scope: 'openid billing:read orders:change' })
    await page.goto(begun.url)
    const looked: string[] = []
    const look = async (name: string) => {
      looked.push(name)
      expect(await findFaults(context, page), name).toEqual([])
      const width = await page.evaluate('document.documentElement.scrollWidth')
      expect(width, name).toBeLessThanOrEqual(phone.width)
    }
    await look('sign in')
    await signIn(page, 'ada', 'wrong')
    await look('sign in again')
    await signIn(page, 'ada')
    await look('consent')
    await choose('Allow')
    await page.waitForURL(`${scene.callback}**`)
    await page.goto(`${scene.server.issuer}/consents`)
    await look('consents')
    await page.goto(`${scene.server.issuer}/approvals`)
    await look('inbox')
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.getByRole('link', { name: 'Support agent asks' }).click()
    await look('item in the dark')
    await page.goto(`${scene.server.issuer}/approvals/none`)
    await look('nothing there')
    await page.goto(`${scene.server.issuer}/session/end`)
    await look('sign out?')
    expect(looked).toHaveLength(8)
  })
})

/** Text of what has the focus. */
function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.textContent')
}
