/**
 * Claim names that come from drafts or are our own, all in one place because drafts rename things. Registered names
 * (RFC 7519, 8693, 9068, 9396) are written out where they are used.
 */
export const draftNames = {
  /** Class of a subject or an actor (OAuth Actor Profile draft). */
  subjectProfile: 'sub_profile',
  /** Whether `act` is the whole chain (OAuth Actor Profile draft). */
  chainComplete: 'chain_complete',
  /** Why a token was issued: an object with `purpose` and `tool` (Transaction Tokens draft). */
  transactionContext: 'tctx',
  /** Member of the metadata: tokens must say what class of actor calls (OAuth Actor Profile draft). */
  actorProfileRequired: 'actor_profile_required',
  /** The grant a token was issued under: our own claim. */
  grantId: 'grant_id',
  /** Where the status of a token can be read, with its one mechanism (Token Status List draft). */
  status: 'status',
  statusList: 'status_list',
  /** Members of a complex subject of a security event: our own, beside those of SSF 1.0 section 3.3. */
  eventActor: 'actor',
  eventGrant: 'grant',
  eventTransaction: 'transaction',
} as const
