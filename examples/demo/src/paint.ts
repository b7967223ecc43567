import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

const colourful = process.stdout.isTTY === true && !process.env.NO_COLOR

/** The text in a style on a terminal that wants colour, and as it is anywhere else. */
export function paint(style: Style, text: string): string {
  return colourful && text !== '' ? styleText(style, text) : text
}

/** The colour of a verdict, by the status that carries it. */
export function verdictStyle(status: number): Style {
  return status < 400 ? 'green' : status < 500 ? 'red' : 'yellow'
}

export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}
