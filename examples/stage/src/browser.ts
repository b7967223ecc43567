/** A form of a page: where it goes, its hidden fields, and its HTML to find it by. */
export interface Form {
  readonly action: URL
  readonly hidden: Readonly<Record<string, string>>
  readonly html: string
}

export interface Page {
  readonly url: URL
  readonly forms: readonly Form[]
}

/** What a browser does, and no more: keeps cookies, follows redirects, sends forms. */
export interface Browser {
  open(url: URL): Promise<Page>
  submit(form: Form, fields: Readonly<Record<string, string>>): Promise<Page>
}

/** A browser that looks at the pages of one server. A redirect to elsewhere is where it stops. */
export function createBrowser(origin: string): Browser {
  const cookies = new Map<string, string>()

  async function load(url: URL, init: RequestInit): Promise<Page> {
    if (url.origin !== origin) return { url, forms: [] }
    const headers = { accept: 'text/html', cookie: [...cookies.values()].join('; '), origin }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [cookie = ''] = line.split(';', 1)
      cookies.set(cookie.slice(0, cookie.indexOf('=')), cookie)
    }
    const location = response.headers.get('location')
    const html = await response.text()
    if (location !== null) return load(new URL(location, url), {})
    if (!response.ok) throw new Error(`the page at ${url.pathname} answered ${response.status}`)
    return { url, forms: formsOf(html, url) }
  }

  return {
    open: (url) => load(url, {}),
    submit: ({ action, hidden }, fields) =>
      load(action, { method: 'POST', body: new URLSearchParams({ ...hidden, ...fields }) }),
  }
}

function hiddenFieldsOf(html: string): Form['hidden'] {
  const fields = new Map<string, string>()
  for (const [, name = '', value = ''] of html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    fields.set(name, value)
  }
  return Object.fromEntries(fields)
}

/** Enough for the pages of the auth server, which write every form in the same way. */
function formsOf(page: string, url: URL): Form[] {
  return [...page.matchAll(/<form[^>]* action="([^"]*)"[^>]*>(.*?)<\/form>/gs)].map(([, action = '', html = '']) => ({
    action: new URL(action, url),
    hidden: hiddenFieldsOf(html),
    html,
  }))
}
