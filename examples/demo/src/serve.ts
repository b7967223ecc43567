import { paint, print, verdictStyle } from './paint.js'
import type { Stage } from './stage.js'
import type { Call, Scene } from './story.js'
import { createTokenDesk } from './token-desk.js'
import { printTrailHeadings, printTrailLine } from './trail.js'

/** Keeps the APIs up, prints lines to paste, and shows the audit trail as it grows, until `stopped` resolves. */
export async function serve(scenes: readonly Scene[], stage: Stage, stopped: Promise<void>): Promise<void> {
  const lines = scenes.flatMap((scene) => scene.lines).filter(isRepeatable)
  const desk = await createTokenDesk(lines)

  print(paint('bold', 'The APIs stay up. Paste a line into another terminal; its audit event appears here.'))
  for (const line of lines) {
    const { status, code = '' } = line.expect
    print()
    print(`${paint('dim', '#')} ${paint(verdictStyle(status), `${status} ${code}`.trim())}: ${line.again?.[1]}`)
    print(curl(line, stage.service(line.api).url, desk.address))
  }
  print()
  print('Each $(...) makes a fresh token, good for a minute. Ctrl-C stops everything.')
  print()
  printTrailHeadings()
  stage.trail.follow((recorded) => printTrailLine(recorded, stage.trail.events.length))

  await stopped
  desk.close()
}

function isRepeatable(line: Scene['lines'][number]): line is Call {
  return 'again' in line
}

/** A refused write never gets to its body, so its line does without one. */
function curl({ call, again, expect }: Call, url: string, desk: string): string {
  const credentials = again?.[0] ? `-H "Authorization: Bearer $(curl -s ${desk}/${again[0]})" ` : ''
  const line = `curl -i ${credentials}${new URL(url).host}${call.path}`
  if (!call.body) return line
  return expect.status < 400 ? `${line} \\\n  -d '${JSON.stringify(call.body)}'` : `${line} -X ${call.method}`
}
