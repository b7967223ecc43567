import { inspect } from 'node:util'
import type { AccessError, DelegationOptions, VerifiedToken, Warning } from '@behalf/core'
import { rfc9068 } from '@behalf/core'
import { readKeyRing } from '../../packages/core/dist/keys/key-ring.js'
import { createStaticKeySet } from '../../packages/core/dist/keys/static-key-set.js'
import { createIntrospector, type Introspector } from '../../packages/core/dist/token/introspection.js'
import { type IntrospectionOptions, readIntrospection } from '../../packages/core/dist/token/introspection-options.js'
import { createTokenVerifier, type IssuerTrust } from '../../packages/core/dist/token/verifier.js'
import { AUDIENCE, ISSUER, issuerKey, type Json, jwks, NOW, type SigningKey } from '../support/token.js'
import { type Endpoint, type Reply, startEndpoint } from './endpoint.js'

export const client = { id: 'billing-api', secret: 'a secret of this test alone' }
export const opaque = 'opaque-token-of-this-test-alone'

/** An API that introspects, its endpoint, and the time both live in. */
export interface Scene {
  readonly endpoint: Endpoint
  readonly introspector: Introspector
  readonly warnings: readonly Warning[]
  readonly clock: { now: number }
  /** What a token turns out to be, judged the way of a JWT; throws what refuses it. */
  judge(token?: string): Promise<VerifiedToken>
  /** The code a token is refused with; `accepted` when it is not. */
  outcome(token?: string): Promise<string>
  /** Verifies a JWT by itself, then asks about it. */
  confirm(token: string): Promise<string>
  close(): Promise<void>
}

export interface SceneOptions {
  readonly options?: Partial<IntrospectionOptions>
  readonly delegation?: Partial<DelegationOptions>
  readonly issuers?: ReadonlyMap<string, IssuerTrust>
  readonly clock?: { now: number }
}

/** What the endpoint says of a good token. A member given as undefined is left out. */
export const active = (changes: Json = {}): Json => ({
  active: true,
  token_type: 'Bearer',
  sub: 'user-1',
  aud: AUDIENCE,
  client_id: 'client-1',
  scope: 'billing:read',
  iat: NOW - 10,
  exp: NOW + 290,
  ...changes,
})

export function trustIn(issuer: string, key: SigningKey = issuerKey()): IssuerTrust {
  return {
    issuer,
    algorithms: new Set(['ES256']),
    profile: rfc9068(),
    keys: createStaticKeySet(readKeyRing(jwks(key), () => {})),
    actorIssuers: new Set(),
  }
}

export async function createScene(reply: Reply = active(), settings: SceneOptions = {}): Promise<Scene> {
  const { options = {}, delegation = {}, issuers = new Map([[ISSUER, trustIn(ISSUER)]]) } = settings
  const endpoint = await startEndpoint(reply)
  const clock = settings.clock ?? { now: NOW }
  const warnings: Warning[] = []
  const rules = {
    issuers,
    audience: AUDIENCE,
    maxTokenSize: 16_384,
    clockTolerance: 5,
    maxTokenAge: Number.POSITIVE_INFINITY,
    maxTokenLifetime: { delegated: 900, direct: Number.POSITIVE_INFINITY },
    delegation: {
      maxDepth: 4,
      actorIssuer: 'default-to-token-issuer' as const,
      actors: undefined,
      actorProfiles: undefined,
      deniedActors: [],
      noRepeatedActor: false,
      requiredOrigin: undefined,
      singleAudience: true,
      subjectNotActor: true,
      ...delegation,
    },
    now: () => clock.now,
    onWarning: (warning: Warning) => void warnings.push(warning),
  }
  const verifier = createTokenVerifier(rules)
  const introspector = createIntrospector(
    readIntrospection({ endpoint: endpoint.url, mode: 'opaque', client, ...options }),
    rules,
  )

  async function judge(token = opaque): Promise<VerifiedToken> {
    return verifier.accept(await introspector.introspect(token))
  }

  return {
    endpoint,
    introspector,
    warnings,
    clock,
    judge,
    outcome: (token) => codeOf(judge(token)),
    confirm: (token) =>
      codeOf((async () => introspector.confirm(token, verifier.accept(await verifier.authenticate(token))))()),
    async close() {
      introspector.close()
      await endpoint.close()
    },
  }
}

/** Runs a test in a scene of its own. */
export async function inScene(
  reply: Reply | undefined,
  body: (scene: Scene) => Promise<void>,
  settings?: SceneOptions,
): Promise<void> {
  const scene = await createScene(reply, settings)
  try {
    await body(scene)
  } finally {
    await scene.close()
  }
}

async function codeOf(judging: Promise<unknown>): Promise<string> {
  try {
    await judging
    return 'accepted'
  } catch (error) {
    assertSecretFree(error)
    return (error as AccessError).code
  }
}

/** Whatever refuses, and whatever stands behind it: neither token nor credentials are in it. */
export function assertSecretFree(...values: readonly unknown[]): void {
  const text = inspect(values, { depth: 20, showHidden: true, maxStringLength: null })
  for (const secret of [opaque, client.secret, Buffer.from(client.secret).toString('base64')]) {
    if (text.includes(secret)) throw new Error('a secret is in what was thrown')
  }
}
