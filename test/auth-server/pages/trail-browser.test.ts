import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeWith } from '../../support/services.js'
import { findFaults } from './accessibility.js'
import { hasChromium, openBrowser, signIn } from './scene.js'
import { openTrailScene, type TrailScene } from './trail-scene.js'

const narrow = { width: 400, height: 800 }
const wide = { width: 1400, height: 900 }

describeWith('Chromium at /usr/bin/chromium', hasChromium, 'the trail in a browser', () => {
  let scene: TrailScene
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let address: string
  const pageFaults: string[] = []
  const long = 'n'.repeat(120)

  beforeAll(async () => {
    scene = await openTrailScene()
    browser = await openBrowser()
    const call = {
      ...{ txn: 'task-1', trace: { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) }, client: { id: 'support-app' } },
      ...{ tool: { name: 'get_plan', call_id: 'call_1' }, actor: { id: 'agent:support' } },
      ...{ resource: { aud: 'https://billing.example.com', route: '/plan' }, requested: { scope: ['billing:read'] } },
    }
    const [started] = await scene.write([
      { type: 'tool.started', sender: 'support-app', ...call },
      { type: 'delegation.issued', decision: 'allow', subject: { id: 'user_a' }, ...call, token: { jti: long } },
      { type: 'access.decision', sender: 'billing-api', decision: 'deny', reason: { code: long }, ...call },
      { type: 'tool.finished', sender: 'support-app', decision: 'error', reason: { code: 'interrupted' }, ...call },
      { type: 'jit.used', decision: 'allow', subject: { id: long }, actor: { id: long }, txn: 'task-1' },
      { type: 'jit.used', txn: long, resource: { aud: `https://${long}.example.com` }, detail: { note: long } },
    ])
    address = `/trail/events/${started?.id}?client=support-app`
  })
  beforeEach(async () => {
    context = await browser.newContext({ viewport: narrow })
    page = await context.newPage()
    page.on('console', (message) => message.type() === 'error' && pageFaults.push(message.text()))
    page.on('pageerror', (error) => pageFaults.push(error.message))
    await page.goto(`${scene.issuer}/trail`)
    await signIn(page, 'sec')
  })
  afterEach(async () => {
    await context.close()
    pageFaults.length = 0
  })
  afterAll(async () => {
    await browser?.close()
    await scene?.close()
  })

  it.each([
    ['narrow', 'light', narrow],
    ['narrow', 'dark', narrow],
    ['wide', 'light', wide],
    ['wide', 'dark', wide],
  ] as const)(
    'fits, has one heading, names for everything one can use, and contrast: %s and %s',
    async (_, colorScheme, size) => {
      await page.setViewportSize(size)
      await page.emulateMedia({ colorScheme })
      const paths = [
        '/trail',
        '/trail?decision=deny&type=access.*',
        '/trail/tasks/task-1',
        address,
        '/trail?subject=nobody',
      ]
      for (const path of [...paths, '/trail/verification', '/trail?limit=1', '/trail/tasks/none']) {
        await page.goto(`${scene.issuer}${path}`)
        expect(await findFaults(context, page), path).toEqual([])
        const width = await page.evaluate('document.documentElement.scrollWidth')
        expect(width, path).toBeLessThanOrEqual(size.width)
      }
      expect(pageFaults.filter((fault) => !/\b40[04]\b/u.test(fault))).toEqual([])
    },
  )

  it('is searched, followed and verified', async () => {
    await page.setViewportSize(wide)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Audit trail')
    await page.getByLabel('Task').fill('task-1')
    await page.getByLabel('Decision').selectOption('deny')
    await page.getByLabel('Task').press('Enter')
    await page.waitForURL(`${scene.issuer}/trail?transaction=task-1&decision=deny`)
    expect(await page.getByRole('row').count()).toBe(2)
    expect(await page.getByRole('cell', { name: /^deny n+$/u }).count()).toBe(1)
    await page.getByRole('link', { name: 'task-1' }).click()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Task task-1')
    expect(await page.getByRole('heading', { level: 2 }).first().textContent()).toContain('get_plan')
    await page.getByRole('region', { name: 'get_plan' }).getByRole('link').first().click()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Event tool.started')
    await page.goBack()
    await page.getByRole('link', { name: 'Audit trail' }).click()
    await page.getByRole('button', { name: 'Verify the trail' }).click()
    expect(await page.getByRole('heading', { level: 2 }).textContent()).toContain('are as they were written')
    expect(await findFaults(context, page)).toEqual([])
    expect(pageFaults).toEqual([])
  })

  it('does not let a text turn or cover what stands beside it', async () => {
    await scene.write([
      { type: 'jit.used', subject: { id: 'שלום' }, actor: { id: 'agent:x' }, txn: 'turned', token: { jti: 'אב' } },
    ])
    await page.setViewportSize(wide)
    await page.goto(`${scene.issuer}/trail?transaction=turned`)
    const left = (text: string) => page.getByText(text, { exact: true }).boundingBox()
    const [word, name] = await Promise.all([left('for'), left('שלום')])
    expect((word?.x ?? 0) + (word?.width ?? 0)).toBeLessThanOrEqual(name?.x ?? 0)
  })
})
