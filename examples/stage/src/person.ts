import { createBrowser, type Form, type Page } from './browser.js'

/** Somebody with a browser: signs in when asked to, and reads what they allow. */
export interface Person {
  readonly subject: string
  readonly name: string
  /** Goes where an application sends them, allows what it asks, and comes back with an answer for it. */
  signIn(url: URL): Promise<URL>
  /** Takes back what they allowed an agent, on the page of their consents. */
  withdraw(words: string): Promise<void>
  /** Allows what an agent asked for meanwhile, in their inbox. */
  approve(approvalId: string): Promise<void>
}

export interface Account {
  readonly subject: string
  readonly username: string
  readonly name: string
  readonly password: string
}

export function createPerson(issuer: string, { subject, name, username, password }: Account): Person {
  const browser = createBrowser(issuer)

  /** Opens a page, and signs in where that is in the way. */
  async function visit(url: URL): Promise<Page> {
    const page = await browser.open(url)
    const form = page.forms.find(({ html }) => html.includes('type="password"'))
    return form ? browser.submit(form, { username, password }) : page
  }

  return {
    subject,
    name,
    async signIn(url) {
      const page = await visit(url)
      const asked = page.forms.find(({ html }) => html.includes('value="allow"'))
      return (asked ? await browser.submit(asked, { decision: 'allow' }) : page).url
    },
    async withdraw(words) {
      const page = await visit(new URL('/consents', issuer))
      await browser.submit(formWith(page, `, ${words}"`), {})
    },
    async approve(approvalId) {
      const page = await visit(new URL(`/approvals/${encodeURIComponent(approvalId)}`, issuer))
      await browser.submit(formWith(page, 'value="approve"'), { decision: 'approve' })
    },
  }
}

function formWith({ forms, url }: Page, text: string): Form {
  const found = forms.find(({ html }) => html.includes(text))
  if (!found) throw new Error(`the page at ${url.pathname} has no form with ${text}`)
  return found
}
