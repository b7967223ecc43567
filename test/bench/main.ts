import { parseArgs } from 'node:util'
import { agentSection } from './agent/section.js'
import { auditIngestSection } from './audit-ingest.js'
import { auditTrailSection } from './audit-trail.js'
import { authServerSection } from './auth-server/section.js'
import { dpopSection } from './dpop/section.js'
import { featuresSection } from './features.js'
import { growthSection } from './growth.js'
import { httpSection } from './http/section.js'
import { importsSection } from './imports.js'
import { machineFacts } from './machine.js'
import { policySection } from './policy.js'
import { writeSection } from './readme.js'
import { repeatedSection } from './repeated.js'
import { full, smoke } from './scale.js'
import { formatTable } from './table.js'
import { verifySection } from './verify.js'

const sections = [
  verifySection,
  repeatedSection,
  httpSection,
  growthSection,
  policySection,
  auditTrailSection,
  auditIngestSection,
  authServerSection,
  agentSection,
  dpopSection,
  featuresSection,
  importsSection,
]

const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false }, only: { type: 'string' } } })
const chosen = sections.filter(({ id }) => values.only === undefined || id === values.only)
if (chosen.length === 0) throw new Error(`--only takes one of ${sections.map(({ id }) => id).join(', ')}`)

console.log(machineFacts())
for (const { id, title, measure } of chosen) {
  console.log(`\n${title}${values.smoke ? ' (smoke run: numbers mean nothing)' : ''}\n`)
  const facts = machineFacts()
  const table = formatTable(await measure(values.smoke ? smoke : full))
  console.log(table)
  if (!values.smoke) await writeSection(id, `${table}\n- Taken on ${facts}.`)
}
