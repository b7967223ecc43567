import type { PolicyDocument } from './document.js'
import { policyFileSchema } from './document-schema.js'
import { bare, parseDocument, parseWith, refuse } from './parse-document.js'
import type { PolicyFile } from './policy-file.js'
import { unknownPermissions } from './references.js'
import { readYaml } from './yaml.js'

/** A file, looked over: every role and permission it names is there. */
export interface ReadPolicyFile {
  readonly document: PolicyDocument
  readonly agents: NonNullable<PolicyFile['agents']>
  readonly accounts: NonNullable<PolicyFile['accounts']>
}

/**
 * Reads a policy file: YAML, or JSON.
 *
 * @param adminResource - resource indicator of the admin API, `<issuer>/admin`
 * @throws InvalidInputError that names each wrong member
 */
export function readPolicyFile(text: string, adminResource: string): ReadPolicyFile {
  const { agents = {}, accounts = {}, ...rest } = parseWith(policyFileSchema, readYaml(text))
  const document = parseDocument(rest, adminResource)
  refuse([
    ...Object.entries(agents).flatMap(([id, { roles = [], ceiling = [] }]) => [
      ...roles
        .filter((role) => !Object.hasOwn(document.roles, role))
        .map((role) => `agents.${id}.roles: no role ${role}`),
      ...unknownPermissions(document, ceiling).map((name) => `agents.${id}.ceiling: no permission ${name}`),
    ]),
    ...Object.entries(accounts).flatMap(([subject, { permissions }]) =>
      unknownPermissions(document, permissions).map((name) => `accounts.${subject}.permissions: no permission ${name}`),
    ),
  ])
  return { document, agents: bare(agents), accounts: bare(accounts) }
}
