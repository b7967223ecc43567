/** How often the person behind a call is asked before an agent may use a permission. */
export type ConsentMode = 'none' | 'once' | 'per_task' | 'each_time'

/** How much harm a permission can do. */
export type Risk = 'low' | 'medium' | 'high'

/** An API that tokens can be issued for; the key in the document is its resource indicator (RFC 8707). */
export interface ResourceEntry {
  readonly name: string
  /** Where its security events go (RFC 8935). Default: nowhere. */
  readonly securityEvents?: string
  /** Seconds a delegation token for it lives, up to 300. Default 60. */
  readonly tokenLifetime?: number
  /** Clients that are this API: they may introspect its tokens and exchange those they were called with. */
  readonly clients?: readonly string[]
  /** Demands tokens bound to a key (DPoP). Default false. */
  readonly senderConstrained?: boolean
}

/** What can be asked for; the key in the document is its name, which is also the scope value. */
export interface Permission {
  /** Resource indicator of the API it belongs to. */
  readonly resource: string
  /** Shown to people: "Read your billing details". */
  readonly words: string
  readonly risk: Risk
  readonly consent: ConsentMode
  /** A grant with an end is needed: of a person (`approval`), or given at once by policy (`automatic`). Default `none`. */
  readonly justInTime?: 'none' | 'approval' | 'automatic'
  /** `type` of the `authorization_details` (RFC 9396) that a token for it must carry. */
  readonly details?: string
  /**
   * Seconds since the person behind a call signed in (`auth_time`, RFC 9470): after more, they have to sign in again first. Direct
   * access has no person. Default: no limit.
   */
  readonly maxAge?: number
  /** Tools that may use it, a closed list: one must be named. Default: any tool that some permission lists, or none. */
  readonly tools?: readonly string[]
  /** Permissions at other APIs that it includes when the API it was used at exchanges the token for a call of its own. */
  readonly downstream?: readonly string[]
  /** `tctx.purpose` of its tokens. */
  readonly purpose?: string
}

/** A bundle of permissions. */
export interface Role {
  readonly words?: string
  readonly permissions: readonly string[]
}

/** What must hold for a rule to count; every member given must match, and a condition of none matches everything. */
export interface Condition {
  readonly agents?: readonly string[]
  /** The agent has one of them. */
  readonly roles?: readonly string[]
  readonly permissions?: readonly string[]
  /** The API asked for is one of them. */
  readonly resources?: readonly string[]
  /** The person is one of them; direct access has none. */
  readonly subjects?: readonly string[]
  /** The tool is one of them. Where none is named, a deny counts and an allow does not. */
  readonly tools?: readonly string[]
  readonly risks?: readonly Risk[]
  readonly mode?: 'delegated' | 'direct'
  /** UTC time of day, `HH:MM`, `from` included and `to` not; `from` after `to` spans midnight. */
  readonly hours?: { readonly from: string; readonly to: string }
  /** 1 Monday to 7 Sunday, UTC, at the moment of the question. */
  readonly weekdays?: readonly number[]
  /** There is a person, and their authentication context is none of these. */
  readonly acrNot?: readonly string[]
}

/** A deny wins over every allow and every role. */
export interface Rule {
  readonly id: string
  readonly effect: 'allow' | 'deny'
  readonly when: Condition
  readonly why?: string
}

/** What the whole policy is made of: one document, one version. */
export interface PolicyDocument {
  readonly schema: 'behalf-policy/1'
  readonly resources: Readonly<Record<string, ResourceEntry>>
  readonly permissions: Readonly<Record<string, Permission>>
  readonly roles: Readonly<Record<string, Role>>
  readonly rules: readonly Rule[]
  /** What a permission no one knows gets: a refusal, or an item for people to look at (and nothing issued). Default `deny`. */
  readonly unknownPermission?: 'deny' | 'pending'
}
