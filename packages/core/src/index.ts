export type { AuditEvent, AuditParty, AuditSink, DecisionEvent, DroppedEvent } from './audit/event.js'
export type { ClientCertificateHeader } from './binding/binding.js'
export type { DpopMode, DpopOptions } from './binding/dpop.js'
export { createMemoryReplayStore, type MemoryReplayStoreOptions, type ReplayStore } from './binding/replay.js'
export type { ClaimsResult, ClaimsSchema } from './claims-schema.js'
export type { AllowedDecision, Answer, Decision, DeniedDecision } from './decision/decision.js'
export {
  AccessError,
  type AccessErrorOptions,
  ConfigurationError,
  type ErrorCode,
  type ErrorParameters,
  errorCodes,
} from './errors.js'
export type { SigningAlgorithm } from './jws/algorithm.js'
export type { JoseHeader } from './jws/header.js'
export type { JsonWebKey } from './jws/runtime.js'
export type { MetadataEndpoint, ProtectedResourceMetadata } from './metadata.js'
export type {
  AuditOptions,
  KeySetOptions,
  ReplayOptions,
  ResourceServerOptions,
  SecurityEventOptions,
} from './options.js'
export { type AuthzenAction, type AuthzenEntity, type AuthzenOptions, authzen } from './policy/authzen.js'
export type { AuthorizationDetail, DetailRequirement, DetailsPredicate } from './policy/details.js'
export type { Principal } from './policy/principal.js'
export type { Requirement } from './policy/requirement.js'
export type { ResourceRequest } from './request/request.js'
export {
  createResourceServer,
  type Guard,
  type ResourceServer,
  type RouteRequirement,
  toResourceServer,
} from './resource-server.js'
export type {
  Revocation,
  RevocationCheck,
  RevocationKind,
  RevocationSink,
  RevocationTarget,
  Watermark,
} from './revocation/revocation.js'
export {
  createRevocationList,
  type RevocationList,
  type RevocationListOptions,
} from './revocation/revocation-list.js'
export type { SecurityEvent, SecurityEventReceiver } from './revocation/security-events.js'
export { maxSecurityEventSize } from './revocation/set.js'
export type { StatusListOptions } from './revocation/status-list-options.js'
export type { Claims, RegisteredClaims } from './token/claims.js'
export type { Confirmation } from './token/confirmation.js'
export type { Actor, DelegationOptions } from './token/delegation.js'
export type { IntrospectionClient, IntrospectionOptions } from './token/introspection-options.js'
export { auth0, cognito, entra, keycloak, okta } from './token/presets.js'
export { type ClaimProfile, introspected, rfc9068 } from './token/profile.js'
export type { VerifiedToken } from './token/verified-token.js'
export type { TrustedIssuer } from './trusted-issuer.js'
export type { Warning, WarningListener } from './warning.js'
