/** Characters of a text, at most, and names in a list. */
const longest = 120
const mostNames = 24

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** A text that came from outside, cut, with everything that cannot be seen written out. */
export function cutText(text: string): string {
  const shown = text.slice(0, longest).replaceAll(invisible, (character) => {
    return `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`
  })
  return shown.length > longest || text.length > longest ? `${shown.slice(0, longest - 1)}…` : shown
}

/** The first names of a list, each cut; as many as fit into about 640 characters. */
export function cutNames(names: readonly string[]): readonly string[] {
  const kept: string[] = []
  let size = 0
  for (const name of names.slice(0, mostNames)) {
    const cut = cutText(name)
    size += cut.length
    if (size > 640) break
    kept.push(cut)
  }
  return kept
}

/** The identifiers of a `traceparent` (W3C Trace Context); undefined where it is malformed. */
export function readTrace(
  traceparent: string | null | undefined,
): { readonly trace_id: string; readonly span_id: string } | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > 128) return undefined
  const [, trace, span] =
    /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:-|$)/u.exec(traceparent) ?? []
  return trace === undefined || span === undefined ? undefined : { trace_id: trace, span_id: span }
}
