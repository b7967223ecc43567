import { answer } from '../http/child.js'
import { usedMilliseconds } from '../http/usage.js'
import { startBare } from './bare.js'
import { startBehalf } from './behalf.js'
import type { Setup } from './contender.js'

/** A server under test, in a process of its own. Answers how much processor time it has used, in milliseconds. */
// the benchmark that starts this process wrote it
const setup = JSON.parse(process.argv[2] ?? '{}') as Setup
const server =
  setup.kind === 'behalf' ? await startBehalf(setup) : { ...(await startBare(setup)), stop: () => undefined }
const { port, requests, stop } = server

answer(async (question: 'ready' | 'usage' | 'stop') => {
  if (question === 'ready') return { port, requests }
  if (question === 'usage') return usedMilliseconds()
  await stop()
  return 'stopped'
})
