import type { Scale } from '../scale.js'
import type { Signer } from '../signer.js'
import type { App, AppSettings } from './app.js'
import { type Child, startChild } from './child.js'
import { demandFairAnswers } from './fairness.js'
import { frameworks } from './frameworks.js'
import type { Load, LoadResult } from './load.js'
import type { Pins } from './pin.js'
import type { Tokens } from './traffic.js'

/** Everything that one framework's run needs. */
export interface FrameworkSetup {
  readonly framework: string
  readonly settings: AppSettings
  readonly signer: Signer
  readonly tokens: Tokens
  readonly pins: Pins
  readonly scale: Scale['http']
}

/** What one app did, round by round. */
export interface Series {
  readonly app: App
  /** Requests per second of the server's processor time: what it would answer with a core of its own, fully used. */
  readonly rates: readonly number[]
  /** Share of its core that the server used. */
  readonly busy: readonly number[]
}

export interface FrameworkRun {
  readonly series: readonly Series[]
  /** Bare signature checks per second of processor time on the servers' core, round by round. */
  readonly bareVerify: readonly number[]
}

interface Contestant {
  readonly app: App
  readonly child: Child
  readonly port: number
  readonly rates: number[]
  readonly busy: number[]
}

const limitTokens = 1_000

/** Starts every app of a framework, loads them in turns, and stops them again. */
export async function runFramework({
  framework,
  settings,
  signer,
  tokens,
  pins,
  scale,
}: FrameworkSetup): Promise<FrameworkRun> {
  const load = startChild('load.js', [], pins.load)
  const limit = startChild('limit.js', [], pins.server)
  const contestants: Contestant[] = []
  try {
    await load.ask({ tokens })
    for (const app of (await frameworks[framework]?.()) ?? []) {
      const contestant = await startContestant(framework, app, settings, pins)
      contestants.push(contestant)
      await demandFairAnswers(app, contestant.port, signer, settings)
      await warmUp(load, contestant, scale)
    }
    const question = { jwk: signer.jwk, tokens: tokens.distinct.slice(0, limitTokens) }
    await limit.ask(question)
    const bareVerify: number[] = []
    for (let round = 0; round < scale.rounds; round++) {
      bareVerify.push((await limit.ask(question)) as number)
      for (const contestant of contestants) await record(load, contestant, scale)
    }
    return { series: contestants, bareVerify }
  } finally {
    await Promise.all([load, limit, ...contestants.map(({ child }) => child)].map((child) => child.stop()))
  }
}

async function startContestant(framework: string, app: App, settings: AppSettings, pins: Pins): Promise<Contestant> {
  const child = startChild('server.js', [framework, app.name, JSON.stringify(settings)], pins.server)
  return { app, child, port: (await child.ask('port')) as number, rates: [], busy: [] }
}

async function record(load: Child, contestant: Contestant, scale: Scale['http']): Promise<void> {
  const before = await usageOf(contestant)
  const { completed, milliseconds } = await runLoad(load, contestant, scale)
  const used = (await usageOf(contestant)) - before
  contestant.rates.push((completed * 1000) / used)
  contestant.busy.push(used / milliseconds)
}

async function warmUp(load: Child, contestant: Contestant, scale: Scale['http']): Promise<void> {
  const enough = (await usageOf(contestant)) + scale.warmUp
  do await runLoad(load, contestant, scale)
  while ((await usageOf(contestant)) < enough)
}

async function usageOf({ child }: Contestant): Promise<number> {
  return (await child.ask('usage')) as number
}

async function runLoad(load: Child, { app, port }: Contestant, scale: Scale['http']): Promise<LoadResult> {
  const question: Load = { port, traffic: app.traffic, connections: scale.connections, seconds: scale.seconds }
  return (await load.ask(question)) as LoadResult
}
