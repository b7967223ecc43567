/** What can be withdrawn. `grant` is a just-in-time grant. */
export type WithdrawalKind = (typeof withdrawalKinds)[number]

/** Every {@link WithdrawalKind}. */
export const withdrawalKinds = [
  'token',
  'grant',
  'consent',
  'agent',
  'client',
  'session',
  'subject',
  'transaction',
] as const

/** A withdrawal: everything that rests on it ends. */
export interface Withdrawal {
  readonly kind: WithdrawalKind
  readonly value: string
  readonly reason: string
  /** Who asked: a subject, a client, `policy`. */
  readonly by: string
}

/** Takes back what was given. */
export interface Revocations {
  /**
   * Ends every token that rests on it and every token exchanged for those, ends the engine's sessions and refresh tokens
   * where they rest on it too, records it, and queues a security event for every API concerned: all in one transaction.
   * Times are whole seconds: what is issued anew in the same second counts as withdrawn with it.
   *
   * @returns how many tokens ended
   * @throws NotFoundError for a token, grant, consent, agent or client that is not there
   */
  withdraw(withdrawal: Withdrawal): Promise<number>
}
