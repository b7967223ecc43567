import { AccessError } from '@behalf/core'
import { createTokenRequestProofs, type TokenRequestProofs } from '@behalf/core/dpop'
import type { Context } from '../context.js'
import { json } from '../database/database.js'
import { paths } from '../provider/paths.js'
import { Refusal } from './refusal.js'

/** Judges the DPoP proofs of the token endpoint (RFC 9449 section 5). */
export interface Possession {
  /**
   * @param proof - the `DPoP` header
   * @returns thumbprint of the key; undefined where no proof was sent
   * @throws Refusal `invalid_dpop_proof`, `use_dpop_nonce`
   */
  prove(proof: string | undefined): Promise<string | undefined>
  /** For the `DPoP-Nonce` header; undefined where none is demanded. */
  nonce(): Promise<string | undefined>
}

/** Seconds by which a client's clock may be ahead of this process: processes differ among themselves too. */
const futureTolerance = 30

/** A proof counts once, also when two processes get it at the same time: it is remembered in the database. */
export function createPossession({
  settings,
  database,
  secrets,
  now,
}: Pick<Context, 'settings' | 'database' | 'secrets' | 'now'>): Possession {
  const demandsNonce = settings.dpop.nonce === 'required'
  let made: Promise<TokenRequestProofs> | undefined

  async function make(): Promise<TokenRequestProofs> {
    return createTokenRequestProofs({
      endpoint: settings.issuer + paths.token,
      algorithms: ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'EdDSA', 'Ed25519'],
      replayStore: { reserve },
      futureTolerance,
      ...(demandsNonce ? { nonce: { secret: await secrets.shared('dpop-nonce') } } : {}),
      now,
    })
  }

  /** A failure is not remembered: the next request tries again. */
  function proofs(): Promise<TokenRequestProofs> {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }

  async function reserve(key: string, expiresAt: number): Promise<boolean> {
    const rows = await database.query(
      `insert into protocol_entities (model, id, content, expires_at) values ('DpopProof', $1, $2, $3)
       on conflict (model, id) do update set expires_at = excluded.expires_at
       where protocol_entities.expires_at < $4 returning id`,
      [key, json({}), Math.ceil(expiresAt), Math.floor(now())],
    )
    return rows.length === 1
  }

  return {
    prove: async (proof) => {
      if (proof === undefined) return undefined
      try {
        return await (await proofs()).verify(proof)
      } catch (error) {
        throw refusalOf(error)
      }
    },
    nonce: async () => (demandsNonce ? (await proofs()).nonce() : undefined),
  }
}

/** A fault of ours stays one. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof AccessError)) return error
  if (error.error === 'invalid_dpop_proof' || error.error === 'use_dpop_nonce') {
    return new Refusal(error.error, error.code, error.description)
  }
  return error.cause ?? error
}
