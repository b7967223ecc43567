/** Identifiers of token exchange (RFC 8693) and the tokens it takes. */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const directGrant = 'client_credentials'
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
export const jwtType = 'urn:ietf:params:oauth:token-type:jwt'

/** What an agent is, in `sub_profile` and `client_profile` (OAuth Actor Profile draft). */
export const agentProfile = 'ai_agent'
