/** A page, as far as it matters to who has no eyes. */
export interface Page {
  readonly url: URL
  readonly status: number
  readonly html: string
}

/** A browser of one person, without a screen: keeps cookies, follows redirects, sends forms with their hidden fields. */
export interface Browser {
  /** A redirect to another server is where it stops. */
  open(url: string | URL): Promise<Page>
  /** Sends the form of a page that has these fields. */
  submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page>
}

/** Somebody who signs in where they are asked to. */
export interface Person extends Browser {
  /** Opens a page, signing in where that is in the way. */
  visit(url: string | URL): Promise<Page>
  /** Answers an authorization request: where the application is told, and what was read before. */
  authorize(url: string | URL, decision?: 'allow' | 'deny'): Promise<{ readonly answer: URL; readonly read: string }>
  /** Approves everything that waits in the inbox: how much it was. */
  approveAll(): Promise<number>
}

export interface Credentials {
  readonly username: string
  readonly password: string
}

function createBrowser(issuer: string): Browser {
  const cookies = new Map<string, string>()

  async function load(url: URL, form?: URLSearchParams): Promise<Page> {
    if (url.origin !== issuer) return { url, status: 0, html: '' }
    const headers = { accept: 'text/html', cookie: [...cookies.values()].join('; '), origin: issuer }
    const sent = form === undefined ? {} : { method: 'POST', body: form }
    const response = await fetch(url, { redirect: 'manual', headers, ...sent })
    for (const line of response.headers.getSetCookie()) {
      const [cookie = ''] = line.split(';', 1)
      const name = cookie.slice(0, cookie.indexOf('='))
      if (cookie.endsWith('=')) cookies.delete(name)
      else cookies.set(name, cookie)
    }
    const location = response.headers.get('location')
    const html = await response.text()
    return location === null ? { url, status: response.status, html } : load(new URL(location, url))
  }

  return {
    open: (url) => load(new URL(url, issuer)),
    submit: ({ html, url }, fields) => {
      const forms = [...html.matchAll(/<form[^>]* action="([^"]+)".*?<\/form>/gsu)]
      const found = forms.find(([text]) => Object.keys(fields).every((name) => text.includes(`name="${name}"`)))
      if (found === undefined) throw new Error(`the page at ${url.pathname} has no such form`)
      const [form, action = ''] = found
      const hidden = [...form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/gu)]
      const sent = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]))
      return load(new URL(action, url), new URLSearchParams({ ...sent, ...fields }))
    },
  }
}

export function createPerson(issuer: string, { username, password }: Credentials): Person {
  const browser = createBrowser(issuer)

  async function visit(url: string | URL): Promise<Page> {
    const page = await browser.open(url)
    return page.html.includes('type="password"') ? browser.submit(page, { username, password }) : page
  }

  return {
    ...browser,
    visit,
    authorize: async (url, decision = 'allow') => {
      const page = await visit(url)
      const asked = page.html.includes('name="decision"')
      const { url: answer } = asked ? await browser.submit(page, { decision }) : page
      return { answer, read: page.html }
    },
    approveAll: async () => {
      const inbox = await visit('/approvals')
      const items = new Set([...inbox.html.matchAll(/href="(\/approvals\/[\w-]+)"/gu)].map(([, path = '']) => path))
      const pages: Page[] = []
      for (const path of items) pages.push(await browser.open(path))
      const waiting = pages.filter(({ html }) => html.includes('name="decision"'))
      for (const page of waiting) await browser.submit(page, { decision: 'approve' })
      return waiting.length
    },
  }
}
