import { runtime } from '#runtime'
import { createBinding } from './binding/binding.js'
import { createDpopVerifier, type DpopMode } from './binding/dpop.js'
import { createMemoryReplayStore, createReplayGuard, type ReplayGuard } from './binding/replay.js'
import type { CallerStages } from './caller.js'
import type { ChallengeSettings } from './decision/challenge.js'
import { createIssuerKeys } from './keys/issuer.js'
import type { Scheme } from './request/credentials.js'
import { createInForceCheck } from './revocation/in-force.js'
import { createStatusListCheck } from './revocation/status-list.js'
import type { Settings } from './settings.js'
import { createIntrospector } from './token/introspection.js'
import { createTokenVerifier, type IssuerTrust } from './token/verifier.js'

/** A replay guard that can be told beforehand that it will be needed. */
export interface AnnouncedReplayGuard extends ReplayGuard {
  /** Says that uses will be claimed here: what is wrong with that is warned about now, once. */
  announce(): void
}

/** The stages of the pipeline, made from settings. */
export interface Stages extends CallerStages {
  readonly challenges: ChallengeSettings
  readonly replay: AnnouncedReplayGuard
  /** Ends what is under way. */
  close(): void
}

/** Builds each stage and puts it where it belongs. Nothing is fetched, no timer runs. */
export function createStages<C>(settings: Settings<C>, issuers: ReadonlyMap<string, IssuerTrust>): Stages {
  const { dpop, resource } = settings
  const replay = createReplay(settings)
  const proofs =
    resource === undefined || dpop.mode === 'disabled' ? undefined : { ...settings, ...dpop, resource, replay }
  const statusList = settings.statusList && createStatusListCheck(settings.statusList, { ...settings, issuers })
  const introspector = settings.introspection && createIntrospector(settings.introspection, { ...settings, issuers })
  const checks = statusList === undefined ? settings.revocation : [...settings.revocation, statusList]
  return {
    schemes: proofs === undefined ? ['bearer'] : ['bearer', 'dpop'],
    verifier: createTokenVerifier({ ...settings, issuers }),
    binding: createBinding({ ...settings, mode: dpop.mode, dpop: proofs && createDpopVerifier(proofs) }),
    introspector,
    checkInForce: createInForceCheck(checks, revocationTimeout),
    challenges: {
      schemes: challengeSchemes[dpop.mode],
      proofAlgorithms: dpop.algorithms.join(' '),
      metadataUrl: undefined,
    },
    replay,
    close() {
      statusList?.close()
      introspector?.close()
    },
  }
}

const challengeSchemes: Readonly<Record<DpopMode, readonly Scheme[]>> = {
  disabled: ['bearer'],
  allowed: ['bearer', 'dpop'],
  required: ['dpop'],
}

/** Milliseconds a revocation check of the application's own may take. */
const revocationTimeout = 1_000

/**
 * A store of this process alone is no protection where several share the load: that is said once, as soon as it is known
 * that the store is needed. What nobody announced, such as the proof of a caller who need not send one, is known late.
 */
function createReplay<C>({ replay, onWarning, now }: Settings<C>): AnnouncedReplayGuard {
  const guard = createReplayGuard({
    store: replay.store ?? createMemoryReplayStore({ now }),
    timeout: replay.timeout,
    allowWhenUnavailable: replay.allowUncheckedWhenUnavailable,
    now,
    onFailure: (cause) =>
      onWarning({ code: 'replay_store_failed', message: 'the replay store cannot be asked', cause }),
  })
  let needsNoWarning = replay.store !== undefined || !runtime.sharesLoad()
  const announce = () => {
    if (needsNoWarning) return
    needsNoWarning = true
    const message = 'several processes share the load, but what was used once is known to one alone: set replayStore'
    onWarning({ code: 'replay_not_shared', message })
  }
  return {
    announce,
    claim(key, expiresAt) {
      announce()
      return guard.claim(key, expiresAt)
    },
  }
}

/** The trusted issuers with their keys, by identifier. */
export function createTrust<C>({ issuers, keySet, onWarning, now }: Settings<C>): ReadonlyMap<string, IssuerTrust> {
  return new Map(
    issuers.map((issuer) => {
      const keys = createIssuerKeys(issuer, { times: keySet, onWarning, now })
      return [issuer.issuer, { ...issuer, keys }]
    }),
  )
}
