/** The way of security events to one API. Times are seconds since the epoch, null where there is nothing to tell. */
export interface EventStream {
  readonly resource: string
  /** Where they go. */
  readonly address: string
  /** Events that the API has not taken yet. */
  readonly waiting: number
  /** When the first of them was queued. */
  readonly waitingSince: number | null
  /** How often it was sent so far. */
  readonly attempts: number
  /** When it is sent next; while it is on its way, when another process would take over. */
  readonly nextAttempt: number | null
  /** When the API last took one. */
  readonly deliveredAt: number | null
  /** When it last did not, and why: an error of RFC 8935 section 2.4, `status_503`, `ECONNREFUSED`. */
  readonly failedAt: number | null
  readonly error: string | null
}

/** The streams of security events (Shared Signals Framework 1.0): one for each API of the policy that receives any. */
export interface EventStreams {
  /** In order of resource, those after `after`. */
  list(page: { readonly after?: string; readonly limit: number }): Promise<readonly EventStream[]>
  /**
   * Tries out the way to an API: queues a `verification` event (SSF 1.0 section 8.1.4).
   *
   * @param state - comes back in the event
   * @returns `jti` of the event
   * @throws NotFoundError for an API that receives no events
   */
  verify(resource: string, state?: string): Promise<string>
}
