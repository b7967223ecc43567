export { type AuthServer, createAuthServer } from './auth-server.js'
export type { ClientMetadata } from './clients/client.js'
export type { AuthServerOptions, Seed } from './options.js'
export type { PolicyDocument } from './policy/document.js'
