import { afterAll, describe, expect, it } from 'vitest'
import { type Api, type ApiSettings, type Call, startApi } from '../support/api.js'
import { type TargetName, targetNames } from '../support/targets.js'
import { type Extras, expectAllowed, expectRefused } from './answer.js'
import type { Code } from './error-table.js'
import type { RequirementId } from './requirements/index.js'

/** What must be refused, and beside it what must not be: refusing everything proves nothing. */
export interface Refusal extends Extras {
  readonly code: Code
  readonly cases: Readonly<Record<string, Call>>
  /** As like the cases as possible, but right. */
  readonly twins: Readonly<Record<string, Call>>
}

export interface Suite<Id extends string> {
  /** Every case is refused with exactly this answer, every twin is served; on every target. */
  readonly refuses: (id: Id, ...refusals: readonly Refusal[]) => void
  /** Every call is served, on every target. */
  readonly allows: (id: Id, calls: Readonly<Record<string, Call>>) => void
  /** Anything else, on every target. */
  readonly proves: (id: Id, body: (api: Api) => Promise<void>) => void
}

/** A suite over APIs with the given settings: one of them per target, started when first needed. */
export function createSuite<Id extends string = RequirementId>(settings: ApiSettings = {}): Suite<Id> {
  const running = new Map<TargetName, Promise<Api>>()
  afterAll(async () => {
    for (const api of running.values()) await (await api).close()
  })
  const apiOf = (target: TargetName) => {
    const api = running.get(target) ?? startApi(target, settings)
    running.set(target, api)
    return api
  }

  function onEveryTarget(id: Id, body: (api: Api) => Promise<void>): void {
    describe(id, () => {
      for (const target of targetNames) it(target, async () => body(await apiOf(target)))
    })
  }

  return {
    refuses(id, ...refusals) {
      onEveryTarget(id, async (api) => {
        for (const { code, cases, twins, ...extras } of refusals) {
          expect(Object.keys(cases), `${id}: no case`).not.toEqual([])
          expect(Object.keys(twins), `${id}: no twin`).not.toEqual([])
          for (const [name, call] of Object.entries(cases)) {
            await named(name, async () => expectRefused(await api.call(call), code, extras))
          }
          for (const [name, call] of Object.entries(twins)) {
            await named(name, async () => expectAllowed(await api.call(call)))
          }
        }
      })
    },
    allows(id, calls) {
      onEveryTarget(id, async (api) => {
        for (const [name, call] of Object.entries(calls))
          await named(name, async () => expectAllowed(await api.call(call)))
      })
    },
    proves: onEveryTarget,
  }
}

/** Runs `body` with an API of its own. */
export async function withApi(
  target: TargetName,
  settings: ApiSettings,
  body: (api: Api) => Promise<void>,
): Promise<void> {
  const own = await startApi(target, settings)
  try {
    await body(own)
  } finally {
    await own.close()
  }
}

async function named(name: string, body: () => Promise<void>): Promise<void> {
  try {
    await body()
  } catch (error) {
    if (error instanceof Error) error.message = `${name}: ${error.message}`
    throw error
  }
}
