import { randomUUID } from 'node:crypto'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import type { Person } from '../auth-server/support/browserless.js'
import { callback, secretOf } from './scene.js'

/** An application of a person, as the MCP SDK knows it, with the browser of that person. */
export interface Application extends OAuthClientProvider {
  /** What the person was asked, oldest first. */
  readonly asked: readonly URL[]
  /** Lets the person answer the last request: the code that the application gets. */
  answer(decision?: 'allow' | 'deny'): Promise<string>
}

/**
 * The application `desk`: it remembers one person's tokens in memory.
 *
 * @param issuer the server that knows the application; its secret goes to no other
 */
export function createApplication(person: Person, issuer: string): Application {
  const asked: URL[] = []
  const kept: { tokens?: Awaited<ReturnType<OAuthClientProvider['tokens']>>; verifier: string; state: string } = {
    verifier: '',
    state: '',
  }
  return {
    asked,
    redirectUrl: callback,
    clientMetadata: { redirect_uris: [callback] },
    clientInformation: () => ({ client_id: 'desk', client_secret: secretOf('desk'), issuer }),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => {
      kept.tokens = tokens
    },
    saveCodeVerifier: (verifier) => {
      kept.verifier = verifier
    },
    codeVerifier: () => kept.verifier,
    state: () => {
      kept.state = randomUUID()
      return kept.state
    },
    redirectToAuthorization: (url) => {
      asked.push(url)
    },
    answer: async (decision) => {
      const { answer } = await person.authorize(String(asked.at(-1)), decision)
      const { code, error, state, iss } = Object.fromEntries(answer.searchParams)
      if (state !== kept.state || iss !== issuer) throw new Error('an answer to another request, or of another server')
      if (code === undefined) throw new Error(`the person was asked: ${error}`)
      return code
    },
  }
}
