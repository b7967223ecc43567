#!/usr/bin/env node
import process from 'node:process'
import { parseArgs } from 'node:util'
import { ConfigurationError } from '@behalf/core'
import { describeConfiguration, readConfiguration } from './bin/configuration.js'
import { serve } from './bin/serve.js'

const usage = `Usage: behalf-auth-server [--check] <config.yaml>

  --check   print the effective configuration and stop
`

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
  allowPositionals: true,
})
const [file] = positionals
if (values.help || file === undefined || positionals.length > 1) {
  process.stderr.write(usage)
  process.exit(values.help ? 0 : 2)
}

try {
  const configuration = await readConfiguration(file)
  process.stdout.write(describeConfiguration(configuration))
  if (!values.check) await serve(configuration)
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
