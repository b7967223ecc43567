/**
 * Claim names that come from drafts or are our own, all in one place because drafts rename things. Registered names
 * (RFC 7519, 8693, 9068, 9396) are written out where they are used.
 */
export const draftNames = {
  /** Class of a subject or an actor (OAuth Actor Profile draft). */
  subjectProfile: 'sub_profile',
} as const
