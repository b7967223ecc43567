import { exportJWK, generateKeyPair } from 'jose'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSecrets } from '../../../packages/auth-server/dist/keys/create-secrets.js'
import { leaks } from '../../support/secrets.js'
import { dump, encryptionKey } from '../support/ground.js'
import { type RunningAuthServer, startAuthServer } from '../support/server.js'

const chosen = 'a secret that an operator chose itself'
const password = 'correct horse battery staple'
const key = encryptionKey()
const log: string[] = []

let server: RunningAuthServer
beforeAll(async () => {
  const { publicKey } = await generateKeyPair('ES256')
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] }
  server = await startAuthServer({
    encryptionKey: key,
    log: pino({ level: 'trace' }, { write: (line: string) => log.push(line) }),
    seed: {
      agents: [{ id: 'agent:support', name: 'Support', owner: 'ops@example.com' }],
      clients: [
        {
          id: 'agent-support',
          name: 'Support',
          agent: 'agent:support',
          metadata: {
            token_endpoint_auth_method: 'client_secret_basic',
            grant_types: ['client_credentials'],
            redirect_uris: [],
          },
          secret: chosen,
        },
        {
          id: 'agent-keys',
          name: 'Keys',
          agent: 'agent:support',
          metadata: {
            token_endpoint_auth_method: 'private_key_jwt',
            grant_types: ['client_credentials'],
            redirect_uris: [],
            jwks,
          },
        },
      ],
      accounts: [{ subject: 'user_8f2c1d', username: 'alice', name: 'Alice', password }],
    },
  })
})
afterAll(() => server.close())

const ask = (credentials: string) =>
  fetch(`${server.issuer}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: 'https://billing.example.com' }),
  })

describe('what a copy of the database and the log tell', () => {
  it('holds no secret, no password and no private key in clear', async () => {
    const { keys, clients, accounts } = server.context
    const { secret } = await clients.addSecret('agent-support', 1_000)
    await accounts.change('user_8f2c1d', { password: `${password}!` })
    expect(await (await accounts.authenticate('alice', `${password}!`))?.confirm()).toBeDefined()
    await keys.rotate('token')
    await keys.rotate('checkpoint', true)
    const checkpoint = await keys.sign('checkpoint', { typ: 'checkpoint+jwt' }, {})

    // the right secret gets further than a wrong one, so it did reach the server
    const [right, made, wrong] = await Promise.all(
      [chosen, secret, `${secret}x`].map((each) => ask(`agent-support:${encodeURIComponent(each)}`)),
    )
    expect([right?.status, made?.status, wrong?.status]).toEqual([400, 400, 401])

    const secrets = createSecrets(server.context)
    const cookies = await secrets.shared('cookies')
    const sealed = await server.context.database.query<{ private_jwk: string }>('select private_jwk from signing_keys')
    const opened = await Promise.all(sealed.map(async ({ private_jwk }) => JSON.parse(await secrets.open(private_jwk))))
    const privateParts = opened.map(({ d }) => String(d))
    expect(privateParts).toEqual(expect.arrayContaining((await keys.privateKeys()).map(({ d }) => d)))
    expect(privateParts).toHaveLength(3)
    const hidden = [chosen, secret, password, key, cookies, checkpoint, ...privateParts]
    expect(hidden.filter((text) => text.length < 16)).toEqual([])

    const rows = await dump(server.context)
    const encoded = hidden.flatMap((text) => [text, Buffer.from(text).toString('base64url'), encodeURIComponent(text)])
    expect(leaks(rows, encoded)).toEqual([])
    expect(leaks(log.join('\n'), encoded)).toEqual([])
    // the dump does see what is there
    for (const there of ['user_8f2c1d', 'agent-support', (await keys.published('token'))[0]?.kid ?? '']) {
      expect(rows).toContain(there)
    }
  })
})
