import { createGuard } from '@behalf/express'
import { createDpopKey } from '@behalf/testing'
import type { Request, RequestHandler, Response } from 'express'
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer'
import { trust } from '../behalf.js'
import type { LoopbackIssuer } from '../http/issuer.js'
import { audience, type Signer, scope } from '../signer.js'
import { type Presented, type ProofAlgorithm, path, prove } from './traffic.js'

/** A guard of an Express route, called without a socket: what it answers with is a rejection. */
export interface Guard {
  readonly authorize: (presented: Presented) => Promise<void>
  close(): Promise<void>
}

export function createBehalf(signer: Signer, { issuer }: LoopbackIssuer): Guard {
  const { requireScope, resourceServer } = createGuard({ issuer: trust([signer], issuer), audience })
  return {
    authorize: run([requireScope(scope) as RequestHandler]),
    close: () => resourceServer.close(),
  }
}

export function createPeer({ algorithm }: Signer, { issuer, jwksUri }: LoopbackIssuer): Guard {
  const guard = auth({ issuer, jwksUri, audience, tokenSigningAlg: algorithm, strict: true, dpop: { required: true } })
  return { authorize: run([guard, requiredScopes(scope)]), close: async () => {} }
}

function run(handlers: readonly RequestHandler[]): Guard['authorize'] {
  return (presented) => {
    const request = createRequest(presented)
    return handlers.reduce(async (before, handler) => {
      await before
      return new Promise<void>((resolve, reject) => {
        const response = { setHeader() {}, writeHead() {}, end: () => reject(new Error('refused')), req: request }
        // What the guards read of a response, and no more.
        const asResponse = response as unknown as Response
        void handler(request, asResponse, (error?: unknown) => (error === undefined ? resolve() : reject(error)))
      })
    }, Promise.resolve())
  }
}

/** A request as Express hands it over, with what guards read of it. */
function createRequest({ token, proof }: Presented): Request {
  const { host, protocol } = new URL(audience)
  const headers: Readonly<Record<string, string>> = { host, authorization: `DPoP ${token}`, dpop: proof }
  const request = {
    method: 'GET',
    url: path,
    originalUrl: path,
    protocol: protocol.slice(0, -1),
    host,
    hostname: host,
    headers,
    rawHeaders: Object.entries(headers).flat(),
    query: {},
    socket: {},
    route: { path },
    is: () => false,
    get: (name: string) => headers[name.toLowerCase()],
  }
  return request as unknown as Request
}

/** Throws unless a guard takes a good proof and refuses those that must be refused. */
export async function demandFairProofs(
  name: string,
  guard: Guard,
  signer: Signer,
  issuer: string,
  algorithm: ProofAlgorithm,
): Promise<void> {
  const [client, thief] = [await createDpopKey(algorithm), await createDpopKey(algorithm)]
  const token = signer.token({ iss: issuer, jkt: client.jkt })
  const other = signer.token({ iss: issuer, jkt: client.jkt })
  const now = Math.floor(Date.now() / 1000)
  const good = { token, proof: await prove(client, token) }
  if (!(await accepts(guard, good))) throw new Error(`${name} refuses a good ${algorithm} proof`)
  const bad: Readonly<Record<string, string>> = {
    'of another key': await prove(thief, token),
    'for another method': await prove(client, token, { method: 'POST' }),
    'for another URL': await prove(client, token, { url: `${audience}/other` }),
    'for another token': await prove(client, other),
    'of another type': await prove(client, token, { header: { typ: 'JWT' } }),
    'that is old': await prove(client, token, { issuedAt: now - 900 }),
    'that is tampered with': `${good.proof.slice(0, -8)}AAAAAAAA`,
  }
  for (const [kind, proof] of Object.entries(bad)) {
    if (await accepts(guard, { token, proof })) throw new Error(`${name} takes a ${algorithm} proof ${kind}`)
  }
  const unbound = signer.token({ iss: issuer })
  if (await accepts(guard, { token: unbound, proof: await prove(client, unbound) })) {
    throw new Error(`${name} takes a token that is bound to no key`)
  }
}

async function accepts(guard: Guard, presented: Presented): Promise<boolean> {
  try {
    await guard.authorize(presented)
    return true
  } catch {
    return false
  }
}
