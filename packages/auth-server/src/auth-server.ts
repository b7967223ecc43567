import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import { pino } from 'pino'
import { createAccounts } from './accounts/accounts.js'
import { createAdminApi } from './admin/admin-api.js'
import { createAgents } from './agents/agents.js'
import { createApprovals } from './approvals/approvals.js'
import { createAuditTrail } from './audit/create-audit-trail.js'
import { createClients } from './clients/clients.js'
import { createConsents } from './consents/consents.js'
import type { Context } from './context.js'
import { migrate } from './database/migrate.js'
import { openDatabase } from './database/open.js'
import { createGrants } from './grants/grants.js'
import { createApp } from './http/app.js'
import { describeError } from './http/logged-error.js'
import { createIngestApi } from './ingest/ingest-api.js'
import { acceptStructuredTokens } from './introspection/structured-tokens.js'
import { createSecrets } from './keys/create-secrets.js'
import { createSigningKeys } from './keys/signing-keys.js'
import type { AuthServerOptions } from './options.js'
import { createPages } from './pages/pages.js'
import { createPolicyStore } from './policy/create-policy-store.js'
import { createEngine } from './provider/engine.js'
import { createEventStreams } from './revocation/event-streams.js'
import { createRevocations } from './revocation/revocations.js'
import { endSessions } from './revocation/sign-out.js'
import { statusLists } from './revocation/status-lists.js'
import { createTransmitter } from './revocation/transmitter.js'
import { sow } from './seed.js'
import { readSettings } from './settings.js'
import { startSweeping } from './sweep.js'
import { createTokens } from './tokens/tokens.js'

/** A server that issues tokens to agents. */
export interface AuthServer {
  /** `iss` of its tokens. */
  readonly issuer: string
  /** Answers requests: give it to `http.createServer()`, or mount it at the root of a host. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void
  /** What the admin API works on, for code in the same process. */
  readonly context: Context
  /** Ends what runs in the background, signs the end of the trail and closes the database. Stop taking requests before. */
  close(): Promise<void>
}

/**
 * Creates an agent auth server: opens the database, brings its tables up to date, and makes what is missing (keys, secrets,
 * the entries of `seed`).
 *
 * @throws ConfigurationError when an option is wrong
 */
export async function createAuthServer({ seed, log, now, ...options }: AuthServerOptions): Promise<AuthServer> {
  const settings = readSettings(options)
  const ground = {
    settings,
    log: (log ?? pino({ level: 'silent' })).child({}, { serializers: { err: describeError } }),
    now: now ?? (() => Math.floor(Date.now() / 1000)),
  }
  const database = await openDatabase(settings.database, ground.log)
  try {
    await migrate(database, ground.now)
    return await assemble({ ...ground, database }, now ?? (() => Date.now() / 1000), seed)
  } catch (error) {
    await database.close()
    throw error
  }
}

type Ground = Pick<Context, 'settings' | 'log' | 'now' | 'database'>

/** Every part on those below it. */
async function assemble(ground: Ground, clock: () => number, seed: AuthServerOptions['seed']): Promise<AuthServer> {
  const { settings, database, log } = ground
  const secrets = createSecrets(ground)
  // keys tell the trail of their rotation, and the trail signs its checkpoints with them
  const keys = await createSigningKeys({ ...ground, secrets, record: (record) => audit.record(record) })
  const audit = createAuditTrail({ ...ground, now: clock, keys, policyVersion: () => policy.lastRead() })
  const base = { ...ground, secrets, keys, audit }
  const policy = createPolicyStore(base)
  const tokens = createTokens(base)
  const revocations = createRevocations({ ...base, policy }, () => transmitter.wake())
  const streams = createEventStreams({ ...base, policy }, () => transmitter.wake())
  const agents = createAgents({ ...base, revocations })
  const clients = createClients({ ...base, revocations })
  const accounts = createAccounts({ ...base, revocations })
  const consents = createConsents(base)
  const grants = createGrants(base)
  const approvals = createApprovals({ ...base, consents, grants, policy })
  const context: Context = {
    ...base,
    policy,
    tokens,
    revocations,
    streams,
    agents,
    clients,
    accounts,
    consents,
    grants,
    approvals,
  }
  const transmitter = createTransmitter(context)
  await sow(context, seed)

  let engine: Provider = await createEngine(context)
  keys.onChange(() => {
    createEngine(context).then(
      (next) => {
        engine = next
      },
      (error: unknown) => log.error({ err: error }, 'the engine keeps its earlier keys'),
    )
  })
  const admin = createAdminApi(context)
  const ingest = createIngestApi(context)
  const pages = createPages(context, () => engine)
  const app = await createApp(context, {
    statusLists: statusLists(context),
    admin: admin.middleware,
    ingest: ingest.middleware,
    pages: pages.middleware,
    trail: pages.trail,
    structuredTokens: acceptStructuredTokens(context),
    signOut: endSessions(context),
    engine: () => engine,
  })
  const answer = app.callback()
  transmitter.start()
  const sweeping = startSweeping(context)

  return {
    issuer: settings.issuer,
    handler: (request, response) => void answer(request, response),
    context,
    close: async () => {
      sweeping.stop()
      await admin.close()
      await ingest.close()
      await transmitter.close()
      await audit.close()
      await keys.close()
      await database.close()
    },
  }
}
