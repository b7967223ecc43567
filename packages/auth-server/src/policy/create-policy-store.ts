import type { Context } from '../context.js'
import { first, json } from '../database/database.js'
import { StaleVersionError } from '../errors.js'
import { createPolicy } from './create-policy.js'
import { digestOf, stableText } from './digest.js'
import type { PolicyDocument } from './document.js'
import { changesOf } from './document-changes.js'
import { parseDocument } from './parse-document.js'
import type { Policy, PolicyStore, PolicyVersion } from './policy-store.js'

/** What a policy store stands on. Without a trail its changes are not recorded. */
export interface PolicyStoreContext extends Pick<Context, 'database' | 'now'> {
  readonly audit?: Pick<Context['audit'], 'record'>
  readonly settings: Pick<Context['settings'], 'adminResource'>
}

/** What there is before the first version: nothing that could be allowed. */
const nothing: PolicyDocument = { schema: 'behalf-policy/1', resources: {}, permissions: {}, roles: {}, rules: [] }

interface Head {
  readonly version: number
  readonly digest: string
}

/** The policy and its versions, in table `policy_versions`. */
export function createPolicyStore({ database, now, settings, audit }: PolicyStoreContext): PolicyStore {
  const { adminResource } = settings
  const build = (value: unknown, head: Head): Policy =>
    createPolicy(parseDocument(value, adminResource), { ...head, adminResource })
  let newest = build(nothing, { version: 0, digest: digestOf(nothing) })
  const empty = newest

  async function head(): Promise<Head> {
    const rows = await database.query<Head>('select version, digest from policy_versions order by version desc limit 1')
    return first(rows) ?? empty
  }

  async function load(version: number): Promise<Policy | undefined> {
    if (version === 0) return empty
    const rows = await database.query<Head & { document: unknown }>(
      'select version, digest, document from policy_versions where version = $1',
      [version],
    )
    const row = first(rows)
    return row && build(row.document, { version: row.version, digest: row.digest })
  }

  async function current(): Promise<Policy> {
    const { version, digest } = await head()
    // a version that was rolled back leaves its number to another document
    if (newest.version === version && newest.digest === digest) return newest
    const policy = await load(version)
    if (policy === undefined) throw new Error('a version of the policy is gone')
    newest = policy
    return policy
  }

  async function record(before: Policy, after: Policy, by: string): Promise<void> {
    const { roles, rules, resources, permissions, reordered } = changesOf(before.document, after.document)
    const side = (policy: Policy, which: 'before' | 'after'): Readonly<Record<string, unknown>> => ({
      version: policy.version,
      digest: policy.digest,
      unknownPermission: policy.document.unknownPermission ?? 'deny',
      ...(resources === undefined ? {} : { resources: resources[which] }),
      ...(permissions === undefined ? {} : { permissions: permissions[which] }),
    })
    await audit?.record({
      type: 'policy.changed',
      change: { by, before: side(before, 'before'), after: side(after, 'after') },
      detail: { version: after.version, reordered },
    })
    const detail = { version: after.version }
    if (roles !== undefined) await audit?.record({ type: 'role.changed', change: { by, ...roles }, detail })
    if (rules !== undefined) await audit?.record({ type: 'rule.changed', change: { by, ...rules }, detail })
  }

  return {
    current,
    lastRead: () => newest.version,
    at: async (version) => {
      const policy = await current()
      return policy.version === version ? policy : load(version)
    },
    versions: ({ before, limit }) =>
      database.query<PolicyVersion>(
        `select version, digest, created_by as "createdBy", created_at as "createdAt" from policy_versions
         where $1::integer is null or version < $1 order by version desc limit $2`,
        [before ?? null, limit],
      ),
    replace: async (value, { by, expectedVersion }) => {
      const document = parseDocument(value, adminResource)
      return database.transaction(async () => {
        // one writer at a time, in any process; readers go on
        await database.query('lock table policy_versions in share row exclusive mode')
        const before = await current()
        if (expectedVersion !== undefined && expectedVersion !== before.version) {
          throw new StaleVersionError(`the policy is at version ${before.version}`)
        }
        const digest = digestOf(document)
        if (before.version > 0 && digest === before.digest) return before
        const after = createPolicy(document, { version: before.version + 1, digest, adminResource })
        await database.query(
          'insert into policy_versions (version, document, digest, created_by, created_at) values ($1, $2, $3, $4, $5)',
          [after.version, stableText(document), digest, by, now()],
        )
        await record(before, after, by)
        database.afterCommit(() => {
          newest = after
        })
        return after
      })
    },
    dryRun: async (value, questions) => {
      const now = await current()
      const candidate = build(value, { version: now.version, digest: '' })
      const answers = questions.map((question) => {
        const [before, after] = [now.explain(question), candidate.explain(question)]
        return { question, changed: json(before) !== json(after), before, after }
      })
      return { version: now.version, changed: answers.some(({ changed }) => changed), answers }
    },
  }
}
