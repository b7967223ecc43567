import type { AppSettings } from './app.js'
import { answer } from './child.js'
import { frameworks } from './frameworks.js'
import { usedMilliseconds } from './usage.js'

/** A server under test, in a process of its own. Answers how much processor time it has used, in milliseconds. */
const [framework = '', name, settings = ''] = process.argv.slice(2)
const apps = await frameworks[framework]?.()
const app = apps?.find((candidate) => candidate.name === name)
if (app === undefined) throw new Error(`no such app: ${framework} ${name}`)

const port = await app.start(JSON.parse(settings) as AppSettings)

answer((question: 'port' | 'usage') => (question === 'port' ? port : usedMilliseconds()))
