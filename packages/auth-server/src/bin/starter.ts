import type { JWK } from 'jose'

/** Where things are. */
export interface StarterAddresses {
  /** Of the server. Default `http://localhost:3000`. */
  readonly issuer?: string
  /** Of the API, as tokens name it. Default `https://billing.example.com`. */
  readonly resource?: string
  /** Where the application is told how a sign-in ended. Default `http://localhost:5000/callback`. */
  readonly redirectUri?: string
}

/** What is another in every configuration. */
export interface StarterKeys {
  /** Of the agent. */
  readonly publicJwk: JWK
  /** Of the person. */
  readonly password: string
  /** Of the API, which sends its decisions to the trail. */
  readonly apiSecret: string
  /** Of whoever looks after the server. */
  readonly operatorSecret: string
}

const defaults = {
  issuer: 'http://localhost:3000',
  resource: 'https://billing.example.com',
  redirectUri: 'http://localhost:5000/callback',
}

/** A configuration to start with: one API, one agent, one person, one operator. Its database and its key lie beside it. */
export function starter(keys: StarterKeys, addresses: StarterAddresses = {}): string {
  const { issuer, resource, redirectUri } = { ...defaults, ...addresses }
  const { host, port } = listenAt(issuer)
  const api = plain(resource)
  return `# behalf-auth-server auth.yaml
issuer: ${plain(issuer)}
listen: { host: ${plain(host)}, port: ${port} }
database: ./data # or postgres://host/name
encryptionKeyFiles: [encryption.key]

# What is there stays as it is: later changes go through the admin API.
seed:
  policy:
    schema: behalf-policy/1
    resources:
      ${api}: { name: Billing, clients: [billing-api] }
    permissions:
      billing:read:
        resource: ${api}
        words: Read your plan and charges
        risk: low
        consent: once
        tools: [get_customer_billing]
        purpose: answer_billing_question
      billing:export:
        resource: ${api}
        words: Export the figures of a month
        risk: low
        consent: none
    roles:
      support: { permissions: [billing:read, billing:export] }
      api: { permissions: [audit:write] } # sends what it decided to the trail
      operator: { permissions: [admin:read, admin:revoke, admin:audit] }
    rules: []
  agents:
    - { id: agent:support, name: Support assistant, owner: support-team, roles: [support] }
    - { id: agent:billing-api, name: Billing API, owner: billing-team, roles: [api] }
    - { id: agent:operator, name: Operator, owner: platform-team, roles: [operator] }
  clients:
    - id: support-app
      name: Support assistant
      agent: agent:support
      metadata:
        token_endpoint_auth_method: private_key_jwt
        grant_types: [authorization_code, client_credentials, 'urn:ietf:params:oauth:grant-type:token-exchange']
        redirect_uris: [${plain(redirectUri)}]
        jwks:
          keys:
            - ${JSON.stringify(keys.publicJwk)}
    - id: billing-api
      name: Billing API
      agent: agent:billing-api
      metadata: { token_endpoint_auth_method: client_secret_basic, grant_types: [client_credentials], redirect_uris: [] }
      secret: ${JSON.stringify(keys.apiSecret)}
    - id: operator
      name: Operator
      agent: agent:operator
      metadata: { token_endpoint_auth_method: client_secret_basic, grant_types: [client_credentials], redirect_uris: [] }
      secret: ${JSON.stringify(keys.operatorSecret)}
  accounts:
    - { subject: user_1, username: ada, name: Ada, password: ${JSON.stringify(keys.password)}, permissions: [billing:read] }
`
}

/** A loopback address is where the server itself listens; any other is that of a proxy in front of it. */
function listenAt(issuer: string): { readonly host: string; readonly port: number } {
  if (!URL.canParse(issuer) || new URL(issuer).protocol !== 'http:') return { host: 'localhost', port: 3000 }
  const { hostname, port } = new URL(issuer)
  return { host: hostname.replaceAll(/[[\]]/gu, ''), port: port === '' ? 80 : Number(port) }
}

/** A text as YAML: as it is, where that cannot be taken for anything else. */
function plain(text: string): string {
  return /^[a-z](?:[\w./~-]|:(?!$))*$/u.test(text) ? text : JSON.stringify(text)
}
