import { createServer } from 'node:http'
import type { PublicJwk } from '../signer.js'
import { listen } from './listen.js'

/** An issuer on the loopback interface: metadata and keys, for every library that wants either. */
export interface LoopbackIssuer {
  readonly issuer: string
  readonly jwksUri: string
  close(): void
}

/** Where each of the libraries looks for keys unless told otherwise. */
const keysPath = '/.well-known/jwks.json'

export async function startIssuer(jwk: PublicJwk): Promise<LoopbackIssuer> {
  const server = createServer((request, response) => {
    const document = request.url === keysPath ? { keys: [jwk] } : metadata
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
  })
  const issuer = `http://127.0.0.1:${await listen(server)}`
  const jwksUri = issuer + keysPath
  const metadata = { issuer, jwks_uri: jwksUri }
  return {
    issuer,
    jwksUri,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
