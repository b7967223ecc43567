import { wrap } from './columns.js'
import { paint, print } from './paint.js'

const width = 130
const most = 3

/** Prints what somebody says or does. */
export function note(who: string, text: string): void {
  const lines = wrap(text, width)
  for (const [index, line] of lines.slice(0, most).entries()) {
    const rest = index === most - 1 && lines.length > most ? ' ...' : ''
    print(`     ${(index === 0 ? who : '').padEnd(11)}${paint('cyan', `${line}${rest}`)}`)
  }
}
