import { parseArgs } from 'node:util'
import { createStage } from '@behalf/example-stage'
import { introduce } from './introduction.js'
import { createLifeline } from './lifeline.js'
import { serve } from './serve.js'
import { createStory, refundMaxAge } from './story.js'
import { summarize, tell } from './tell.js'
import { tellTrail } from './trail.js'
import { createWire } from './wire.js'

const lifeline = createLifeline()
const options = readOptions()

try {
  const wire = createWire()
  const stage = await createStage({ send: wire.send, refundMaxAge })
  wire.connect(stage)

  introduce(stage)
  const outcome = await tell(await createStory(stage, wire), wire)
  const isTrailRight = await tellTrail(stage, outcome)
  const isRight = summarize(outcome, isTrailRight)

  if (isRight && options.serve) await serve(stage, lifeline.awaited())
  await stage.close()
  process.exitCode = isRight ? 0 : 1
} catch (error) {
  process.stderr.write(`The demo ended early: ${error instanceof Error ? error.message : 'for no known reason'}\n`)
  process.exit(1)
}

function readOptions(): { readonly serve?: boolean } {
  try {
    return parseArgs({ options: { serve: { type: 'boolean' } } }).values
  } catch {
    process.stderr.write('Usage: npm start [-- --serve]\n')
    process.exit(2)
  }
}
