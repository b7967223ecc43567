import type { AccessError } from '../errors.js'

/**
 * Formats the `WWW-Authenticate` value of a refusal (RFC 6750 section 3). Every value in it is constant text of this
 * server or its configuration; nothing of the request is repeated.
 *
 * @param metadataUrl where the RFC 9728 document is, when it is published
 */
export function formatChallenge(error: AccessError, metadataUrl: string | undefined): string {
  const parameters: [string, string][] = []
  if (error.error !== undefined) {
    parameters.push(['error', error.error], ['error_description', error.description])
    parameters.push(...Object.entries(error.parameters))
  }
  if (metadataUrl !== undefined) parameters.push(['resource_metadata', metadataUrl])
  return ['Bearer', parameters.map(([name, value]) => `${name}="${quote(value)}"`).join(', ')].join(' ').trimEnd()
}

/** The inside of a quoted-string (RFC 9110 section 5.6.4). */
function quote(value: string): string {
  return value.replace(/["\\]/g, '\\$&')
}
