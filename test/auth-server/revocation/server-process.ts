import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AuthServerOptions, createAuthServer } from '@behalf/auth-server'

// An auth server in a process of its own. A sign-in that happened before is asked for by a message.

/** A person's own token, as it is after a sign-in. */
export interface SignIn {
  readonly subject: string
  readonly session: string
  readonly scope: readonly string[]
}

const [text = '{}', port = '0'] = process.argv.slice(2)
// the test that starts this process wrote it
const options = JSON.parse(text) as AuthServerOptions
const authServer = await createAuthServer(options)
const http = createServer(authServer.handler)
http.listen(Number(port), '127.0.0.1')
await once(http, 'listening')

process.on('message', (message) => {
  // the same
  const { subject, session, scope } = message as SignIn
  void authServer.context.tokens
    .issue({
      parentId: null,
      kind: 'subject',
      subject,
      agentId: null,
      clientId: 'app',
      resource: authServer.issuer,
      scope,
      transaction: null,
      sessionId: session,
      grantId: null,
      protocolGrantId: null,
      consents: [],
      expiresAt: Math.floor(Date.now() / 1000) + 600,
      claims: { sub_profile: 'user' },
    })
    .then(({ token }) => process.send?.(token))
})
process.on('disconnect', () => process.exit())
process.stdout.write('listening\n')
