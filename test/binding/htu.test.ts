import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createUrlMatch, normalizePath, normalizeUrl } from '../../packages/core/dist/binding/htu.js'

const api = 'https://api.example.com'

describe('a normal form (RFC 3986 section 6.2)', () => {
  test.each([
    ['HTTPS://API.Example.COM/A', 'https://api.example.com/A'],
    ['https://api.example.com', 'https://api.example.com/'],
    ['https://api.example.com?q', 'https://api.example.com/'],
    ['https://api.example.com#f', 'https://api.example.com/'],
    ['https://api.example.com/a?q=/../b#/../c', 'https://api.example.com/a'],
    ['https://api.example.com:443/a', 'https://api.example.com/a'],
    ['https://api.example.com:/a', 'https://api.example.com/a'],
    ['https://api.example.com:0443/a', 'https://api.example.com/a'],
    ['https://api.example.com:80/a', 'https://api.example.com:80/a'],
    ['http://api.example.com:80/a', 'http://api.example.com/a'],
    ['http://api.example.com:443/a', 'http://api.example.com:443/a'],
    ['https://[::1]:8443/a', 'https://[::1]:8443/a'],
    ['https://[2001:DB8::1]/a', 'https://[2001:db8::1]/a'],
    ['https://%61pi.ex%61mple.com/a', 'https://api.example.com/a'],
    ['https://api.example.com/%7Ea%7ea', 'https://api.example.com/~a~a'],
    ['https://api.example.com/%2f%2F%3a', 'https://api.example.com/%2F%2F%3A'],
    ['https://api.example.com/a%20b', 'https://api.example.com/a%20b'],
    ['https://api.example.com/caf%c3%a9', 'https://api.example.com/caf%C3%A9'],
    ['https://api.example.com/%00', 'https://api.example.com/%00'],
    ['https://api.example.com/{a}|[b]^"<>`', 'https://api.example.com/%7Ba%7D%7C%5Bb%5D%5E%22%3C%3E%60'],
    ['https://api.example.com/a/./b/../c', 'https://api.example.com/a/c'],
    ['https://api.example.com/a/%2e%2E/b/%2e', 'https://api.example.com/b/'],
    ['https://api.example.com/../../a', 'https://api.example.com/a'],
    ['https://api.example.com/a/b/..', 'https://api.example.com/a/'],
    ['https://api.example.com/.', 'https://api.example.com/'],
    ['https://api.example.com//a//../b/', 'https://api.example.com//a/b/'],
    ['https://api.example.com/a/...', 'https://api.example.com/a/...'],
    ['https://api.example.com/.a/a.', 'https://api.example.com/.a/a.'],
    ["https://api.example.com/a;v=1,2/@:!$&'()*+=-_.~", "https://api.example.com/a;v=1,2/@:!$&'()*+=-_.~"],
  ])('of %s', (url, normal) => {
    expect(normalizeUrl(url)).toBe(normal)
    expect(normalizeUrl(normal)).toBe(normal)
  })

  test.each([
    '',
    '/a',
    '//api.example.com/a',
    'api.example.com/a',
    'https:/api.example.com/a',
    'https:api.example.com/a',
    'https:\\\\api.example.com/a',
    'https:///a',
    'https://:443/a',
    'https://?a',
    'ftp://api.example.com/a',
    'file:///a',
    'javascript:alert(1)',
    'wss://api.example.com/a',
    ' https://api.example.com/a',
    'https://user@api.example.com/a',
    'https://user:password@api.example.com/a',
    'https://@api.example.com/a',
    'https://api.example.com:443@evil.example/a',
    'https://api.example.com:x/a',
    'https://api.example.com:-1/a',
    'https://api.example.com:443:443/a',
    'https://api.example.com:443000/a',
    'https://[::1/a',
    'https://::1/a',
    'https://[::1]x/a',
    'https://api.example.com/a b',
    'https://api.example.com/a\tb',
    'https://api.example.com/a\nb',
    'https://api.example.com/a\u0000b',
    'https://api.example.com/a\u007fb',
    'https://api.example.com/a\\b',
    'https://api.example.com\\@evil.example/a',
    'https://api.example.com/caf\u00e9',
    'https://\u0430pi.example.com/a',
    'https://api.example.com/%',
    'https://api.example.com/%4',
    'https://api.example.com/%4g',
    'https://api.example.com/%%341',
    'https://api.ex%ample.com/a',
  ])('is not had by %j', (url) => {
    expect(normalizeUrl(url)).toBeUndefined()
  })
})

describe('the URL of a request', () => {
  test.each([
    ['/a', `${api}/a`],
    ['/a?b=c', `${api}/a`],
    ['/a#b', `${api}/a`],
    ['/', api],
    ['/?b', `${api}/`],
    ['/a%7eb', `${api}/a~b`],
    ['/a/../b', `${api}/b`],
    ['//evil.example/a', `${api}//evil.example/a`],
    ['/https://evil.example/a', `${api}/https://evil.example/a`],
    ['https://evil.example/a?b', `${api}/a`],
    ['HTTP://localhost:3000/a', `${api}/a`],
    ['http://localhost:3000', `${api}/`],
    ['http://localhost:3000?b', `${api}/`],
    ['/{a}', `${api}/%7Ba%7D`],
  ])('%s is that of %s', (requestUrl, htu) => {
    expect(createUrlMatch(`${api}/some/base?x`)(htu, requestUrl)).toBe(true)
  })

  test.each([
    ['/a', `${api}/b`],
    ['/a', `${api}/a/`],
    ['/a', `${api}/A`],
    ['/a', `${api}//a`],
    ['/a', 'https://evil.example/a'],
    ['https://evil.example/a', 'https://evil.example/a'],
    ['//evil.example/a', `${api}/a`],
    ['//evil.example/a', 'https://evil.example/a'],
    ['/a%2Fb', `${api}/a/b`],
    ['/a%252e', `${api}/a%2e`],
    ['/a;b', `${api}/a`],
    ['/a\\b', `${api}/a\\b`],
    ['/a\\b', `${api}/a/b`],
    ['/a%', `${api}/a%`],
    ['/caf\u00e9', `${api}/caf\u00e9`],
    ['*', `${api}/*`],
    ['*', `${api}/`],
    ['api.example.com:443', `${api}/`],
    ['', `${api}/`],
    ['?a', `${api}/`],
    ['?u=://a', `${api}/`],
    ['ftp://api.example.com/a', `${api}/a`],
  ])('%s is not that of %s', (requestUrl, htu) => {
    expect(createUrlMatch(api)(htu, requestUrl)).toBe(false)
  })

  test.each([
    ['https://API.example.com:443/base', 'https://api.example.com/a', true],
    ['https://api.example.com:8443', 'https://api.example.com:8443/a', true],
    ['https://api.example.com:8443', 'https://api.example.com/a', false],
    ['http://localhost:3000', 'http://localhost:3000/a', true],
    ['http://localhost:3000', 'https://localhost:3000/a', false],
    ['https://b\u00fccher.example', 'https://xn--bcher-kva.example/a', true],
    ['https://[::1]', 'https://[::1]/a', true],
  ])('has the origin of the resource %s: %s', (resource, htu, expected) => {
    expect(createUrlMatch(resource)(htu, '/a')).toBe(expected)
  })
})

/** A character of a path segment, as it may be written. */
const pathCharacter = fc.oneof(
  fc.constantFrom(..."abzAZ09-._~!$&'()*+,;=:@"),
  fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`),
)
const segment = fc.array(pathCharacter, { maxLength: 6 }).map((characters) => characters.join(''))
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join('/')}`)

/** The same URL, written in another way. */
const rewrite = (text: string, how: readonly number[]): string => {
  let at = 0
  const choice = (): number => how[at++ % how.length] ?? 0
  return text.replaceAll(/%..|[\w\-.~]|\//g, (found) => {
    if (found === '/') return ['/', '/', '/./', '/%2E/', '/x/../', '/x/%2e./'][choice() % 6] ?? '/'
    if (found.length === 3) return choice() % 2 === 0 ? found.toLowerCase() : found
    return choice() % 3 === 0 ? `%${found.charCodeAt(0).toString(16)}` : found
  })
}

describe('normalisation', () => {
  test('is done once: a normal form is its own', () => {
    fc.assert(
      fc.property(path, (text) => {
        const normal = normalizePath(text)
        expect(normal).toBeDefined()
        expect(normalizePath(normal ?? '')).toBe(normal)
      }),
    )
  })

  test('makes one of all the ways to write a URL', () => {
    fc.assert(
      fc.property(
        path,
        fc.array(fc.nat(11), { minLength: 1 }),
        fc.constantFrom('https://API.example.com:443', api),
        (text, how, origin) => {
          expect(createUrlMatch(api)(`${origin}${rewrite(text, how)}?a#b`, `${text}?c`)).toBe(true)
        },
      ),
    )
  })

  test('tells apart whatever the platform tells apart, and nothing else', () => {
    /** The URL parser of the platform, with what it leaves undone: the encoding of unreserved characters and its case. */
    const oracle = (text: string): string =>
      new URL(
        text.replaceAll(/%[\dA-Fa-f]{2}/g, (found) => {
          const character = String.fromCharCode(Number.parseInt(found.slice(1), 16))
          return /[\w\-.~]/.test(character) ? character : found.toUpperCase()
        }),
        api,
      ).pathname
    fc.assert(
      fc.property(path, path, (left, right) => {
        expect(normalizePath(left)).toBe(oracle(`${api}${left}`))
        expect(createUrlMatch(api)(`${api}${left}`, right)).toBe(oracle(`${api}${left}`) === oracle(`${api}${right}`))
      }),
    )
  })

  test('never takes another origin for ours, whatever is sent', () => {
    const piece = fc.constantFrom(
      'https://',
      'http://',
      'api.example.com',
      'evil.example',
      '@',
      ':',
      '443',
      '/',
      '//',
      '\\',
      '?',
      '#',
      '%2F',
      '%40',
      '.',
      '..',
      'a',
      ' ',
      '\u0000',
      '[',
      ']',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const htu = pieces.join('')
        if (!createUrlMatch(api)(htu, '/a')) return
        expect(new URL(htu).origin).toBe(api)
        expect(new URL(htu).username).toBe('')
      }),
      { numRuns: 3000 },
    )
  })

  test('takes time in proportion to the length', () => {
    for (const part of ['/%2e', '/..', '%', '/a/..', ':', '[', '/']) {
      const text = part.repeat(64_000 / part.length)
      const run = () => {
        const started = performance.now()
        createUrlMatch(api)(`${api}${text}`, text)
        createUrlMatch(api)(`https://${text}`, '/a')
        return performance.now() - started
      }
      expect(Math.min(run(), run(), run())).toBeLessThan(500)
    }
  })
})
