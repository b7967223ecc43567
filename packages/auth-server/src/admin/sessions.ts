import type { Context } from '../context.js'
import { first } from '../database/database.js'

/** Where a person is signed in. */
export interface SignIn {
  /** As in `sid` of the tokens. */
  readonly id: string
  readonly subject: string
  /** Seconds since the epoch. */
  readonly signedInAt: number | null
  readonly acr: string | null
  readonly amr: readonly string[]
  /** Applications that were signed in to. */
  readonly clients: readonly string[]
  readonly expiresAt: number | null
}

interface SignInRow {
  readonly id: string
  readonly subject: string
  readonly signed_in_at: number | null
  readonly acr: string | null
  readonly amr: readonly string[] | null
  readonly clients: readonly string[]
  readonly expires_at: number | null
}

/** Of what the protocol engine keeps, only this: the rest holds what a cookie is proven with. */
const columns = `uid as id, content->>'accountId' as subject, (content->>'loginTs')::bigint as signed_in_at,
  content->>'acr' as acr, content->'amr' as amr,
  array(select jsonb_object_keys(coalesce(content->'authorizations', '{}'))) as clients, expires_at`

const signedIn = `model = 'Session' and content->>'accountId' is not null and (expires_at is null or expires_at > $1)`

/** The sign-ins there are. */
export interface SignIns {
  find(id: string): Promise<SignIn | undefined>
  /** In order of id, those after `after`. */
  list(filter: {
    readonly subject?: string
    readonly after?: string
    readonly limit: number
  }): Promise<readonly SignIn[]>
}

/** Reads the sign-ins that the protocol engine keeps. */
export function createSignIns({ database, now }: Pick<Context, 'database' | 'now'>): SignIns {
  return {
    async find(id) {
      const rows = await database.query<SignInRow>(
        `select ${columns} from protocol_entities where ${signedIn} and uid = $2`,
        [now(), id],
      )
      const row = first(rows)
      return row && toSignIn(row)
    },
    async list({ subject, after, limit }) {
      const rows = await database.query<SignInRow>(
        `select ${columns} from protocol_entities
         where ${signedIn} and ($2::text is null or content->>'accountId' = $2) and ($3::text is null or uid > $3)
         order by uid limit $4`,
        [now(), subject ?? null, after ?? null, limit],
      )
      return rows.map(toSignIn)
    },
  }
}

function toSignIn({ signed_in_at, amr, expires_at, ...row }: SignInRow): SignIn {
  return { ...row, signedInAt: signed_in_at, amr: amr ?? [], expiresAt: expires_at }
}
