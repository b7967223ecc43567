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

/** Somebody whose password was right a moment ago. */
export interface Authenticated {
  /**
   * The account, held as it is until the transaction ends: whoever disables it meanwhile waits, and then finds the sign-in.
   * Undefined where it was disabled, or got another password, since.
   */
  confirm(): Promise<Account | undefined>
}

/** The people of the server. */
export interface Accounts {
  find(subject: string): Promise<Account | undefined>
  /** By what they sign in with; `Alice` is `alice`. */
  findByUsername(username: string): Promise<Account | undefined>
  /**
   * Compares a password with that of an account; undefined where they do not fit, after the same time. It takes long: a
   * transaction begins after it.
   */
  authenticate(username: string, password: string): Promise<Authenticated | undefined>
  /** In order of subject, those after `after`. */
  list(page: { readonly after?: string; readonly limit: number }): Promise<readonly Account[]>
  /** @throws InvalidInputError, ConflictError when the subject or the username is taken */
  create(
    account: Pick<Account, 'subject' | 'username' | 'name' | 'permissions'> & { readonly password: string },
  ): Promise<Account>
  /**
   * One that becomes disabled cannot sign in, and what agents were given for it is withdrawn; so it is after a new password.
   *
   * @param version - of the account that was looked at: another one since is a conflict
   * @param by - who asks, for what is withdrawn. Default `server`
   * @throws NotFoundError, InvalidInputError, StaleVersionError
   */
  change(
    subject: string,
    change: Partial<Pick<Account, 'name' | 'status' | 'permissions'>> & { readonly password?: string },
    version?: number,
    by?: string,
  ): Promise<Account>
}
