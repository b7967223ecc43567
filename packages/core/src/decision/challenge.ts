import type { AccessError } from '../errors.js'
import type { Scheme } from '../request/credentials.js'

/** What every challenge of an API has in common. */
export interface ChallengeSettings {
  /** Schemes the API takes, the one to recommend first. */
  readonly schemes: readonly Scheme[]
  /** Algorithms a DPoP proof may be signed with, separated by spaces. */
  readonly proofAlgorithms: string
  /** Where the RFC 9728 document is, when it is published. */
  readonly metadataUrl: string | undefined
}

const names: Readonly<Record<Scheme, string>> = { bearer: 'Bearer', dpop: 'DPoP' }

/**
 * Formats the `WWW-Authenticate` value of a refusal: one challenge for each scheme (RFC 6750 section 3, RFC 9449
 * section 7.1). What went wrong is said once, in the challenge of the scheme that was used. Every value is constant text
 * of this server or its configuration; nothing of the request is repeated.
 *
 * @param used the scheme the caller used; undefined when it presented nothing
 */
export function formatChallenge(error: AccessError, used: Scheme | undefined, settings: ChallengeSettings): string {
  const { schemes, proofAlgorithms, metadataUrl } = settings
  const blamed = used !== undefined && schemes.includes(used) ? used : schemes[0]
  return schemes
    .map((scheme) => {
      const parameters: [string, string][] = []
      if (scheme === blamed && error.error !== undefined) {
        parameters.push(['error', error.error], ['error_description', error.description])
        parameters.push(...Object.entries(error.parameters))
      }
      if (scheme === 'dpop') parameters.push(['algs', proofAlgorithms])
      if (metadataUrl !== undefined) parameters.push(['resource_metadata', metadataUrl])
      return `${names[scheme]} ${parameters.map(([name, value]) => `${name}="${quote(value)}"`).join(', ')}`.trimEnd()
    })
    .join(', ')
}

/** The inside of a quoted-string (RFC 9110 section 5.6.4). What no header can carry becomes a question mark. */
function quote(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')
}
