import { createDelegationClient } from '@behalf/agent'
import { fileKey } from '@behalf/agent/node'

const { AUTH = 'http://127.0.0.1:4000' } = process.env

export const key = fileKey('support-agent.jwk')
export const client = createDelegationClient({ serverUrl: AUTH, clientId: 'support-app', key })
