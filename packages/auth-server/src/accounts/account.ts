/** A person who can sign in: for whom agents act. */
export interface Account {
  /** As in `sub`. */
  readonly subject: string
  readonly username: string
  readonly name: string
  readonly status: 'active' | 'disabled'
  /** What this person may do themselves: no agent gets more on their behalf. */
  readonly permissions: readonly string[]
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** The people of the server. */
export interface Accounts {
  find(subject: string): Promise<Account | undefined>
  /** The account behind a username and password; undefined where they do not fit, after the same time. */
  authenticate(username: string, password: string): Promise<Account | undefined>
  list(page: { readonly after?: string; readonly limit: number }): Promise<readonly Account[]>
  create(
    account: Pick<Account, 'subject' | 'username' | 'name' | 'permissions'> & { readonly password: string },
  ): Promise<Account>
  change(
    subject: string,
    change: Partial<Pick<Account, 'name' | 'status' | 'permissions'>> & { readonly password?: string },
    version?: number,
  ): Promise<Account>
}
