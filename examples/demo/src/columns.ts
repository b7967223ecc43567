/** A column: its heading and how many characters it takes. */
export type Column = readonly [heading: string, width: number]

/** Cells of one line, each cut to its column and, but for the last, padded. */
export function columns(widths: readonly Column[], cells: readonly string[]): string[] {
  return widths.map(([, width], index) => {
    const text = cut(cells[index] ?? '', width)
    return index === widths.length - 1 ? text : text.padEnd(width)
  })
}

/** The headings, in one line. */
export function headings(widths: readonly Column[]): string {
  const cells = widths.map(([heading]) => heading)
  return columns(widths, cells).join('  ')
}

/** The text, or as much of it as fits. */
function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 3)}...` : text
}

/** Breaks a text behind commas and spaces into lines that fit. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const part of text.split(/(?<=[, ])/)) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + part.length <= width) lines[lines.length - 1] = line + part
    else lines.push(part)
  }
  return lines.map((line) => line.trimEnd())
}
