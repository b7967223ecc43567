import { audit } from './audit.js'
import { binding } from './binding.js'
import { claims } from './claims.js'
import { decision } from './decision.js'
import { delegation } from './delegation.js'
import { events } from './events.js'
import { header } from './header.js'
import { issuer } from './issuer.js'
import { keys } from './keys.js'
import { metadata } from './metadata.js'
import { policy } from './policy.js'
import { request } from './request.js'
import { revocation } from './revocation.js'
import { use } from './use.js'

/** Every requirement, by the stage of the pipeline that has to meet it. */
export const stages = {
  request,
  header,
  claims,
  keys,
  delegation,
  binding,
  revocation,
  issuer,
  policy,
  use,
  decision,
  audit,
  metadata,
  events,
} as const

export type Stage = keyof typeof stages
export type RequirementId = (typeof stages)[Stage][number]['id']
