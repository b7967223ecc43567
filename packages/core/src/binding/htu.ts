/**
 * Makes the comparison of `htu` with the URL of a request (RFC 9449 section 4.3, check 9). Scheme, host and port are
 * those of the configured resource, whatever `Host` or the request line say; the path is the request's own. Query and
 * fragment are ignored on both sides.
 *
 * @param resource URL of this API as its clients see it
 */
export function createUrlMatch(resource: string): (htu: string, requestUrl: string) => boolean {
  const { origin } = new URL(resource)
  return (htu, requestUrl) => {
    const path = pathOf(requestUrl)
    if (path === undefined) return false
    if (isPlain(path) && htu === origin + path) return true
    const normal = normalizePath(path)
    return normal !== undefined && normalizeUrl(htu) === origin + normal
  }
}

/**
 * Normalises an http or https URL as RFC 3986 section 6.2 does: case, default port, percent-encoding, dot segments, the
 * empty path. Query and fragment are cut off. Answers undefined for what is no such URL, and for one with user
 * information, a control character, white space, a backslash or a broken percent-encoding: what some read one way and
 * some another is not compared at all.
 */
export function normalizeUrl(url: string): string | undefined {
  const [, scheme, authority = '', rest = ''] = /^(https?):\/\/([^/?#]*)([^?#]*)/i.exec(url) ?? []
  if (scheme === undefined) return undefined
  const protocol = scheme.toLowerCase()
  const host = normalizeAuthority(authority, protocol === 'https' ? 443 : 80)
  const path = normalizePath(rest === '' ? '/' : rest)
  return host === undefined || path === undefined ? undefined : `${protocol}://${host}${path}`
}

/** Normalises a path that starts with a slash. */
export function normalizePath(path: string): string | undefined {
  const decoded = normalizeText(path)
  return decoded && removeDotSegments(decoded)
}

function normalizeAuthority(authority: string, defaultPort: number): string | undefined {
  const [, name = '', digits = ''] = /^(\[[\da-f:.]+\]|[^:@[\]]+)(?::(\d{0,5}))?$/i.exec(authority) ?? []
  const host = name.startsWith('[') ? name : normalizeText(name)
  if (!host) return undefined
  const port = digits === '' ? defaultPort : Number(digits)
  return port === defaultPort ? host.toLowerCase() : `${host.toLowerCase()}:${port}`
}

const unreserved = /[\w\-.~]/

/** One way to write each character: RFC 3986 section 6.2.2.2, and encoded where the section 3.3 wants it encoded. */
function normalizeText(text: string): string | undefined {
  if (/[^!-~]|\\|%(?![\dA-Fa-f]{2})/.test(text)) return undefined
  return text.replaceAll(/%[\dA-Fa-f]{2}|["<>[\]^`{|}]/g, (found) => {
    const code = found.length === 1 ? found.charCodeAt(0) : Number.parseInt(found.slice(1), 16)
    const character = String.fromCharCode(code)
    return unreserved.test(character) ? character : `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  })
}

/** RFC 3986 section 5.2.4, for a path that starts with a slash. */
function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path
  const [, ...segments] = path.split('/')
  const kept: string[] = []
  for (const [index, segment] of segments.entries()) {
    const isDots = segment === '.' || segment === '..'
    if (segment === '..') kept.pop()
    if (!isDots) kept.push(segment)
    else if (index === segments.length - 1) kept.push('')
  }
  return `/${kept.join('/')}`
}

/** The path of a request line: in origin form (`//a/b` is a path there, no host), or in absolute form. */
function pathOf(requestUrl: string): string | undefined {
  const end = requestUrl.search(/[?#]/)
  const target = end === -1 ? requestUrl : requestUrl.slice(0, end)
  const path = target.replace(/^https?:\/\/[^/]+/i, '')
  if (path === '' && target !== '') return '/'
  return path.startsWith('/') ? path : undefined
}

/** Whether a path is its own normal form: no more than a look at its characters. */
function isPlain(path: string): boolean {
  return !/[^\w\-~!$&'()*+,;=:@/.]|\/\./.test(path)
}
