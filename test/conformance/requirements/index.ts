import { audit } from './audit.js'
import { claims } from './claims.js'
import { decision } from './decision.js'
import { delegation } from './delegation.js'
import { header } from './header.js'
import { keys } from './keys.js'
import { metadata } from './metadata.js'
import { policy } from './policy.js'
import { request } from './request.js'

/** Every requirement, by the stage of the pipeline that has to meet it. */
export const stages = { request, header, claims, keys, delegation, policy, decision, audit, metadata } as const

export type Stage = keyof typeof stages
export type RequirementId = (typeof stages)[Stage][number]['id']
