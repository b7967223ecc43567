/** A fence of a page. */
export interface Fence {
  /** `sh`, `ts`, ... */
  readonly language: string
  /** What stands behind the language. */
  readonly info: readonly string[]
  readonly code: string
}

export function fencesOf(page: string): readonly Fence[] {
  return [...page.matchAll(/^```(\w+)([^\n]*)\n(.*?)^```$/gmsu)].map(([, language = '', info = '', code = '']) => ({
    language,
    info: info.split(' ').filter((word) => word !== ''),
    code,
  }))
}

/**
 * A file after a diff: lines of context, `-` and `+`; `@@` between places. An empty line is one of context.
 *
 * @throws Error where a place is not there, or there more than once
 */
export function patched(text: string, diff: string): string {
  return diff.split(/^@@.*\n/mu).reduce((file, place) => {
    const lines = place.replace(/\n$/u, '').split('\n')
    const side = (other: string): string =>
      lines
        .filter((line) => !line.startsWith(other))
        .map((line) => `${line.slice(1)}\n`)
        .join('')
    const [before, ...more] = `\n${file}`.split(`\n${side('+')}`)
    if (before === undefined || more.length !== 1) throw new Error(`${more.length} places are like\n${side('+')}`)
    return `${before}\n${side('-')}${more[0]}`.slice(1)
  }, text)
}

/** What a quoted output stands for: `...` for anything in a line, and alone in a line for any lines. */
export function quoted(text: string): RegExp {
  const lines = text.trimEnd().split('\n')
  const parts = lines.map((line) =>
    line === '...'
      ? '[\\s\\S]*'
      : line.replaceAll(/[$()*+.?[\\\]^{|}]/gu, String.raw`\$&`).replaceAll('\\.\\.\\.', '.*'),
  )
  return new RegExp(`^${parts.join('\\n')}$`, 'u')
}
