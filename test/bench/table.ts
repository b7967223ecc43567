import type { Statistic } from './statistic.js'

/** The result of one section, ready to print. */
export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly notes: readonly string[]
}

/** A part of the benchmark, named on the command line by its id. */
export interface Section<Options> {
  readonly id: string
  readonly title: string
  measure(options: Options): Promise<Table>
}

export function formatTable({ columns, rows, notes }: Table): string {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const table = [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
  return [...table, '', ...notes.map((note) => `- ${note}`)].join('\n')
}

export function formatRatio({ median, low, high }: Statistic): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`
}

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
