/** Limits of one fetch. */
export interface FetchLimits {
  /** Deadline over connection, headers and body together, in milliseconds. */
  readonly timeout: number
  /** Aborted when the resource server closes. */
  readonly signal: AbortSignal
}

/** What is asked for, and how much of it is read. */
export interface TextRequest {
  /** Value of the `Accept` header. */
  readonly accept: string
  /** Largest body that is read, in bytes after decompression. */
  readonly maxSize: number
  /** What is sent, by POST. Default: nothing, by GET. */
  readonly send?: { readonly headers: Readonly<Record<string, string>>; readonly body: string }
}

/** A fetched text. */
export interface FetchedText {
  readonly text: string
  /** The media type the answer says it has: lower case, without parameters; empty when it says nothing. */
  readonly type: string
  /** Seconds from `Cache-Control: max-age`, 0 for `no-store` and `no-cache`; undefined when the answer says nothing. */
  readonly maxAge: number | undefined
}

/** A fetched JSON document. */
export interface FetchedJson extends Pick<FetchedText, 'maxAge'> {
  readonly value: unknown
}

/** Largest JSON document that is read, in bytes after decompression. */
const maxBodySize = 524_288

const json: TextRequest = { accept: 'application/json, application/jwk-set+json', maxSize: maxBodySize }

/**
 * Fetches a JSON document, as {@link fetchText} fetches.
 *
 * @throws Error with a message for operators: a status, a limit or the network's own error
 */
export async function fetchJson(url: string, limits: FetchLimits): Promise<FetchedJson> {
  const { text, maxAge } = await fetchText(url, limits, json)
  const value: unknown = JSON.parse(text)
  return { value, maxAge }
}

/**
 * Fetches a text within a deadline and a size limit. Redirects are refused: the address is configuration, and nobody
 * but the configuration may change it, nor learn what is sent there. The content type is not judged: issuers disagree
 * about it.
 *
 * @throws Error with a message for operators: a status, a limit or the network's own error
 */
export async function fetchText(url: string, limits: FetchLimits, wanted: TextRequest): Promise<FetchedText> {
  const deadline = new AbortController()
  const { timeout } = limits
  const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${timeout} ms`)), timeout)
  const close = () => deadline.abort(limits.signal.reason)
  limits.signal.addEventListener('abort', close)
  try {
    limits.signal.throwIfAborted()
    const { accept, maxSize, send } = wanted
    const response = await fetch(url, {
      method: send === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      signal: deadline.signal,
      headers: { ...send?.headers, accept },
      body: send?.body,
    })
    if (response.status !== 200) throw new Error(`status ${response.status} from ${url}`)
    const text = await readText(response, maxSize)
    return { text, type: typeOf(response.headers), maxAge: maxAgeOf(response.headers.get('cache-control')) }
  } catch (error) {
    const reason: unknown = deadline.signal.aborted ? deadline.signal.reason : error
    deadline.abort() // closes the connection of an answer that is not read to its end
    throw reason
  } finally {
    clearTimeout(timer)
    limits.signal.removeEventListener('abort', close)
  }
}

async function readText(response: Response, maxSize: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const body: ReadableStream<Uint8Array> | null = response.body
  const reader = body?.getReader()
  let text = ''
  let size = 0
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > maxSize) throw new Error(`the body is larger than ${maxSize} bytes`)
    text += decoder.decode(value, { stream: true })
  }
  return text + decoder.decode()
}

function typeOf(headers: Headers): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';', 1)
  return type.trim().toLowerCase()
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
