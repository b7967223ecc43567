import { parseArgs } from 'node:util'
import { printAuthorityTrail } from './authority-trail.js'
import { introduce } from './introduction.js'
import { createLifeline } from './lifeline.js'
import { serve } from './serve.js'
import { createStage } from './stage.js'
import { createStory } from './story.js'
import { summarize, tell } from './tell.js'
import { printTrail } from './trail.js'

const lifeline = createLifeline()
const options = readOptions()

try {
  const stage = await createStage()
  const story = createStory(stage)

  await introduce(stage)
  const outcome = await tell(story, stage)
  printTrail(stage)
  const isIntact = await printAuthorityTrail(stage)
  const fits = summarize(outcome, stage, isIntact)

  if (fits && options.serve) await serve(story, stage, lifeline.awaited())
  await stage.close()
  process.exitCode = fits ? 0 : 1
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
