#!/usr/bin/env node
import process from 'node:process'
import { ConfigurationError } from '@behalf/core'
import { readCommand, usage } from './bin/command.js'
import { describeConfiguration, readConfiguration } from './bin/configuration.js'
import { initialize } from './bin/init.js'
import { writeKey } from './bin/key.js'

/** Exit codes: what was asked for is wrong, or how it was asked for. */
const faulty = 1
const misused = 2

const command = readCommand(process.argv.slice(2))
try {
  if (command.name === 'help') process.stdout.write(usage)
  else if (command.name === 'misuse') {
    process.stderr.write(`${command.fault}\n\n${usage}`)
    process.exitCode = misused
  } else if (command.name === 'init') process.stdout.write(await initialize(command.folder, command.addresses))
  else if (command.name === 'key') process.stdout.write(await writeKey(command.file))
  else if (command.name === 'verify' || command.name === 'verify-export') {
    const { verifyDatabase, verifyExportFile } = await import('./bin/audit.js')
    const { intact, text } =
      command.name === 'verify'
        ? await verifyDatabase(await readConfiguration(command.file), command.checkpoints)
        : await verifyExportFile(command.file, command.checkpoints)
    process.stdout.write(text)
    if (!intact) process.exitCode = faulty
  } else {
    const configuration = await readConfiguration(command.file)
    process.stdout.write(describeConfiguration(configuration))
    if (command.name === 'serve') {
      const { serve } = await import('./bin/serve.js') // the server itself, which a check does not need
      await serve(configuration)
    }
  }
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = faulty
}
