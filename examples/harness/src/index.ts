export { type CheckedStep, type CheckOptions, checkService } from './check.js'
export { type Line, type Service, type ServiceOptions, startService } from './service.js'
export { type Expectation, mintToken, play, type Result, type Step } from './step.js'
export { type AuditTrail, createAuditTrail, type RecordedEvent } from './trail.js'
