/** Limits of one fetch of keys or metadata. */
export interface FetchLimits {
  /** Deadline over connection, headers and body together, in milliseconds. */
  readonly timeout: number
  /** Aborted when the resource server closes. */
  readonly signal: AbortSignal
}

/** A fetched JSON document. */
export interface FetchedJson {
  readonly value: unknown
  /** Seconds from `Cache-Control: max-age`, 0 for `no-store` and `no-cache`; undefined when the answer says nothing. */
  readonly maxAge: number | undefined
}

/** Largest body that is read, in bytes after decompression. */
export const maxBodySize = 524_288

/**
 * Fetches a JSON document within a deadline and a size limit. Redirects are refused: the address is configuration, and
 * nobody but the configuration may change it. The content type is not looked at: issuers disagree about it.
 *
 * @throws Error with a message for operators: a status, a limit or the network's own error
 */
export async function fetchJson(url: string, limits: FetchLimits): Promise<FetchedJson> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${limits.timeout} ms`)), limits.timeout)
  const close = () => deadline.abort(limits.signal.reason)
  limits.signal.addEventListener('abort', close)
  try {
    limits.signal.throwIfAborted()
    const response = await fetch(url, {
      redirect: 'manual',
      signal: deadline.signal,
      headers: { accept: 'application/json, application/jwk-set+json' },
    })
    if (response.status !== 200) throw new Error(`status ${response.status} from ${url}`)
    const value: unknown = JSON.parse(await readText(response))
    return { value, maxAge: maxAgeOf(response.headers.get('cache-control')) }
  } catch (error) {
    const reason = deadline.signal.aborted ? deadline.signal.reason : error
    deadline.abort() // closes the connection of an answer that is not read to its end
    throw reason
  } finally {
    clearTimeout(timer)
    limits.signal.removeEventListener('abort', close)
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = response.body?.getReader()
  let text = ''
  let size = 0
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > maxBodySize) throw new Error(`the body is larger than ${maxBodySize} bytes`)
    text += decoder.decode(value, { stream: true })
  }
  return text + decoder.decode()
}

function maxAgeOf(cacheControl: string | null): number | undefined {
  if (cacheControl === null || cacheControl.length > 1024) return undefined
  const directives = cacheControl
    .toLowerCase()
    .split(',')
    .map((directive) => directive.trim())
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0
  const maxAge = directives.find((directive) => directive.startsWith('max-age='))?.slice('max-age='.length)
  return maxAge !== undefined && /^"?\d{1,10}"?$/.test(maxAge) ? Number(maxAge.replaceAll('"', '')) : undefined
}
