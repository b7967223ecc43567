import type { JWK } from 'jose'

/** What is another in every configuration. */
export interface StarterKeys {
  /** Of the agent. */
  readonly publicJwk: JWK
  /** Of the person. */
  readonly password: string
}

/** A configuration to start with: one API, one agent, one person. Its database and its key lie beside it. */
export function starter({ publicJwk, password }: StarterKeys): string {
  return `# behalf-auth-server auth.yaml
issuer: http://localhost:3000
listen: { host: localhost, port: 3000 }
database: ./data # or postgres://host/name
encryptionKeyFiles: [encryption.key]

# What is there stays as it is: later changes go through the admin API.
seed:
  policy:
    schema: behalf-policy/1
    resources:
      https://billing.example.com: { name: Billing }
    permissions:
      billing:read:
        resource: https://billing.example.com
        words: Read your plan and charges
        risk: low
        consent: once
        tools: [get_customer_billing]
        purpose: answer_billing_question
      billing:export:
        resource: https://billing.example.com
        words: Export the figures of a month
        risk: low
        consent: none
    roles:
      support: { permissions: [billing:read, billing:export] }
    rules: []
  agents:
    - { id: agent:support, name: Support assistant, owner: support-team, roles: [support] }
  clients:
    - id: support-app
      name: Support assistant
      agent: agent:support
      metadata:
        token_endpoint_auth_method: private_key_jwt
        grant_types: [authorization_code, client_credentials, 'urn:ietf:params:oauth:grant-type:token-exchange']
        redirect_uris: [http://localhost:5000/callback]
        jwks:
          keys:
            - ${JSON.stringify(publicJwk)}
  accounts:
    - { subject: user_1, username: ada, name: Ada, password: ${JSON.stringify(password)}, permissions: [billing:read] }
`
}
