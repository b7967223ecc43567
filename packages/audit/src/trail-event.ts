/** A party of an event. */
interface Party {
  readonly id?: string
  readonly iss?: string
  readonly profile?: string
}

/**
 * An event of the trail (`delegation-audit/1`), whoever wrote it: an API's decision, or what the auth server did. Members
 * beyond these are welcome.
 */
export interface TrailEvent {
  readonly id: string
  /** RFC 3339. */
  readonly time: string
  readonly type: string
  readonly decision?: string
  readonly reason?: { readonly code?: string; readonly policy?: string; readonly oauth_error?: string }
  readonly subject?: Party
  readonly actor?: Party
  readonly client?: { readonly id?: string }
  readonly token?: {
    readonly jti?: string
    readonly iss?: string
    readonly iat?: number | null
    readonly exp?: number | null
    readonly parent_jti?: string
    readonly sha256?: string
  }
  readonly requested?: { readonly scope?: readonly string[]; readonly any_scope?: readonly string[] }
  readonly granted?: { readonly scope?: readonly string[] }
  readonly resource?: { readonly aud?: string; readonly route?: string; readonly id?: string }
  readonly request?: { readonly method?: string }
  readonly trace?: { readonly trace_id?: string }
  readonly txn?: string
  readonly tool?: { readonly name?: string; readonly call_id?: string }
  readonly run?: { readonly id?: string }
  readonly purpose?: string
  readonly assurance?: { readonly acr?: string }
  readonly observer?: { readonly service?: string; readonly instance?: string; readonly client?: string }
  readonly integrity?: {
    readonly chain?: string
    readonly seq?: number
    readonly prev?: string | null
    readonly hash?: string
  }
}
