import type { BrowserContext, Page } from 'playwright-core'

interface Node {
  readonly ignored?: boolean
  readonly role?: { readonly value: string }
  readonly name?: { readonly value: string }
}

/** Roles of what people use, each of which needs a name. */
const used = ['button', 'link', 'textbox', 'heading', 'navigation', 'region']

/** Least contrast of text to what is behind it (WCAG 2.2, 1.4.3). */
const leastContrast = 4.5

/** What a page lacks for people who do not see it, do not see it well, or use no mouse: as the browser itself tells it. */
export async function findFaults(context: BrowserContext, page: Page): Promise<readonly string[]> {
  const session = await context.newCDPSession(page)
  // the answer of the browser's own tree
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { readonly nodes: readonly Node[] }
  await session.detach()
  const seen = nodes.filter(({ ignored }) => ignored !== true)
  const nameless = seen
    .filter(({ role, name }) => used.includes(role?.value ?? '') && (name?.value ?? '').trim() === '')
    .map(({ role }) => `a ${role?.value} has no name`)
  const headings = await page.getByRole('heading', { level: 1 }).count()
  const faults = headings === 1 ? nameless : [...nameless, `${headings} main headings`]
  const language = await page.evaluate('document.documentElement.lang')
  const title = await page.title()
  const pale = await page.evaluate<readonly string[]>(paleText)
  return [...faults, ...(language === 'en' ? [] : ['no language']), ...(title === '' ? ['no title'] : []), ...pale]
}

/** Runs in the page: text whose contrast is too low. */
const paleText = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const light = (color) => {
    const [r, g, b] = channels(color).map((value) => {
      const part = value / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor
      if ((channels(color)[3] ?? 1) > 0) return color
    }
    return 'rgb(255, 255, 255)'
  }
  const texts = [...document.querySelectorAll('main *, header *')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ''))
  return texts.flatMap((element) => {
    const [one, other] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a)
    const contrast = (one + 0.05) / (other + 0.05)
    return contrast < ${leastContrast} ? [element.textContent.trim() + ': ' + contrast.toFixed(2)] : []
  })
})()`
